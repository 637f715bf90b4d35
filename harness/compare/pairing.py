"""Pairing items across files by lm-eval's hashes, never by their order, and saying what does not pair."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from harness.compare.sources import Key, ScoredItem
from harness.errors import ComparisonError
from harness.text import several

_SHOWN = 3
_some = partial(several, most=_SHOWN)
_ROUNDING = 1e-3


@dataclass(frozen=True, slots=True)
class Index:
    """The items of a suite in canonical order (that of their keys), as the first file read has them."""

    path: Path
    position: Mapping[Key, int]
    doc_ids: Mapping[Key, int | str]

    @classmethod
    def of(cls, path: Path, items: Sequence[ScoredItem]) -> "Index":
        """Index a file's items."""
        keys = sorted(item.key for item in items)
        return cls(path, {key: k for k, key in enumerate(keys)}, {item.key: item.doc_id for item in items})

    def scores(self, items: Sequence[ScoredItem]) -> npt.NDArray[np.float64]:
        """Return the scores ``(items,)`` in canonical order."""
        row = np.empty(len(self.position))
        row[[self.position[item.key] for item in items]] = [item.score for item in items]
        return row

    def values(self, items: Sequence[ScoredItem]) -> list[Any]:
        """Return what the items were logged with, in canonical order."""
        return [item.value for item in sorted(items, key=lambda item: self.position[item.key])]

    def by_document(self, items: Sequence[ScoredItem]) -> npt.NDArray[np.float64] | None:
        """Return scores ``(items,)`` of the same documents in other prompts, NaN where a document is not among them.

        None where documents repeat, so that they do not tell which item is which.
        """
        position = {key[0]: place for key, place in self.position.items()}
        if len(position) < len(self.position) or len({item.key[0] for item in items}) < len(items):
            return None
        row = np.full(len(self.position), np.nan)
        for item in items:
            if item.key[0] in position:
                row[position[item.key[0]]] = item.score
        return row

    def options(self, items: Sequence[ScoredItem]) -> npt.NDArray[np.float64] | None:
        """Return how many options each item has, ``(items,)``; None where one has none."""
        found = [item.options for item in sorted(items, key=lambda item: self.position[item.key])]
        return None if None in found else np.array(found, dtype=np.float64)

    def accuracies(self, items: Sequence[ScoredItem]) -> npt.NDArray[np.float64]:
        """Return whether the right option of each item was chosen, ``(items,)``, NaN where that is not logged."""
        found = [item.accuracy for item in sorted(items, key=lambda item: self.position[item.key])]
        return np.array([np.nan if each is None else each for each in found])

    def clusters(self, items: Sequence[ScoredItem]) -> npt.NDArray[np.int64] | None:
        """Return cluster numbers ``(items,)``, None where no item has a label."""
        if all(item.cluster is None for item in items):
            return None
        labels = np.empty(len(self.position), dtype=object)
        labels[[self.position[item.key] for item in items]] = [item.cluster for item in items]
        return np.unique(labels.astype(str), return_inverse=True)[1].astype(np.int64)


def counted_once(path: Path, items: Sequence[ScoredItem]) -> tuple[list[ScoredItem], int]:
    """Return the items of a file, one of each, and how many were left out because they stood there before.

    Repeated items that were scored alike up to rounding are one item; the lowest of their scores counts, whatever the
    order of the file. Raises `ComparisonError` where they contradict each other.
    """
    groups: dict[Key, list[ScoredItem]] = {}
    for item in items:
        groups.setdefault(item.key, []).append(item)
    several = [group for group in groups.values() if len(group) > 1]
    contradictory = [group for group in several if not _alike(group)]
    if contradictory:
        ids = [str(group[0].doc_id) for group in contradictory]
        first = " and ".join(f"{item.score:g}" for item in contradictory[0][:2])
        raise ComparisonError(
            f"{path} has {len(contradictory)} items more than once with different scores (doc_id {_some(ids)}; the "
            f"first {first}): nothing says which of them counts. Two evaluations in one file, answers that are drawn "
            "at random, or filters that the samples do not name: score again, into a folder of its own."
        )
    once = [min(group, key=lambda item: item.score) for group in groups.values()]
    return once, len(items) - len(once)


def _alike(group: Sequence[ScoredItem]) -> bool:
    """Say whether scores of one item differ by no more than the batches that it was scored in make them differ."""
    low, high = min(item.score for item in group), max(item.score for item in group)
    if any(item.value != group[0].value for item in group):
        return False
    return math.isclose(low, high, rel_tol=_ROUNDING, abs_tol=_ROUNDING)


def unpaired(index: Index, path: Path, items: Sequence[ScoredItem]) -> Iterator[str]:
    """Yield what keeps a file from pairing with the index, most telling first."""
    extra = [item for item in items if item.key not in index.position]
    if not extra and len(items) == len(index.position):
        return
    here = {item.key for item in items}
    lacking = [key for key in index.position if key not in here]
    documents = {key[0]: key for key in lacking}
    changed = [(item, documents[item.key[0]]) for item in extra if item.key[0] in documents]
    prompts = [str(item.doc_id) for item, key in changed if item.key[1] != key[1]]
    targets = [str(item.doc_id) for item, key in changed if item.key[1] == key[1]]
    if prompts:
        yield (
            f"{path} and {index.path} prompt {len(prompts)} of the same documents differently "
            f"(doc_id {_some(prompts)}): same few-shot examples, chat template and task version on both sides, please."
        )
    if targets:
        yield f"{path} and {index.path} have other targets for {len(targets)} items (doc_id {_some(targets)})."
    known = {item.key[0] for item, _ in changed}
    only_here = [str(item.doc_id) for item in extra if item.key[0] not in known]
    only_there = [str(index.doc_ids[key]) for key in lacking if key[0] not in known]
    if only_here:
        yield f"{path} has {len(only_here)} items that {index.path} lacks (doc_id {_some(only_here)})."
    if only_there:
        yield f"{path} lacks {len(only_there)} items of {index.path} (doc_id {_some(only_there)})."
