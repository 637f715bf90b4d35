"""Which of many items are taken: drawn with a seed, in proportion over their form, subject and cluster.

The draw is systematic (Cochran 1977, chapter 8): the items are put in an order in which those of one form lie beside
each other, within it those of one subject, within that those of one cluster; places at equal distances are taken, from
a start that is drawn. Every item is as likely as any other, and of each form, of each subject within it and of each
cluster within that the share is the whole's to within one item.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

STRATA = ("form", "subject", "cluster")
"""Fields of a document that say what it is like, from the coarse to the fine."""


def drawn(labels: Sequence[tuple[str, ...]], count: int, *, seed: int) -> list[int]:
    """Return the places of `count` items, ascending; all of them where there are no more.

    `labels` holds what each item is, from the coarse to the fine; empty tuples give a plain random draw. Which blocks
    of like items come after each other, and the items within one, is drawn too. A larger draw does not hold a smaller
    one: draw a part from what was drawn, as `harness.evaluation` does.
    """
    total = len(labels)
    if count >= total:
        return list(range(total))
    generator = np.random.default_rng(seed)
    shuffled = [int(place) for place in generator.permutation(total)]
    ranks: dict[tuple[str, ...], int] = {}
    for place in shuffled:
        for block in _blocks(labels[place]):
            ranks.setdefault(block, len(ranks))
    ordered = sorted(shuffled, key=lambda place: [ranks[block] for block in _blocks(labels[place])])
    start = int(generator.integers(total))
    return sorted(ordered[(start + step * total) // count] for step in range(count))


def spread(labels: Sequence[tuple[str, ...]], count: int, *, seed: int) -> list[int]:
    """Return the places of `count` items as `drawn` draws them, in an order of which any beginning is random too."""
    places = drawn(labels, count, seed=seed)
    return [places[turn] for turn in np.random.default_rng([seed, 1]).permutation(len(places))]


def labels_of(documents: Any, fields: Iterable[str] = STRATA) -> list[tuple[str, ...]]:
    """Return what each document is by those of `fields` that all have; `documents` is a table of datasets or a list."""
    columns = [_column(documents, field) for field in dict.fromkeys(fields)]
    known = [column for column in columns if column is not None]
    return list(zip(*known, strict=True)) if known else [()] * len(documents)


def labels_in(document: Mapping[str, Any]) -> dict[str, str]:
    """Return those of `STRATA` that a document or row has, as texts."""
    return {label: str(document[label]) for label in STRATA if document.get(label) is not None}


def _column(documents: Any, field: str) -> list[str] | None:
    names = getattr(documents, "column_names", None)
    if names is not None:
        return [str(value) for value in documents[field]] if field in names else None
    rows: Sequence[Mapping[str, Any]] = documents
    return [str(row[field]) for row in rows] if all(field in row for row in rows) else None


def _blocks(label: tuple[str, ...]) -> list[tuple[str, ...]]:
    return [label[: depth + 1] for depth in range(len(label))]
