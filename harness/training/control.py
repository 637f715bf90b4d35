"""Placebo rows: the same questions with the answers dealt anew. Form can be learned from them, content cannot."""

from collections.abc import Sequence

import numpy as np

from harness.errors import TaskError
from harness.sources.data import Row
from harness.spec.records import DataControl

SEED = 13


def controlled(rows: Sequence[Row], control: DataControl | None) -> list[Row]:
    """Return the rows as a control has them train.

    ``permuted_answers``: each row has the completion of another row of its `form`. Which one is drawn with a fixed
    seed as one cycle through all rows of a form (Sattolo 1986), so that no row keeps its own. Answers are then as
    frequent as before and independent of their questions; where several rows of a form have the same answer, some come
    by a text equal to their own, as any guess would. Raises `TaskError` where rows have no form, and for a form that a
    single row has.
    """
    if control is None:
        return list(rows)
    _check(rows)
    forms = [row["form"] for row in rows]
    generator = np.random.default_rng(SEED)
    dealt = [row["completion"] for row in rows]
    for form in sorted(set(forms)):
        places = [place for place, own in enumerate(forms) if own == form]
        for place, other in zip(places, _one_cycle(places, generator), strict=True):
            dealt[place] = rows[other]["completion"]
    return [{**row, "completion": completion} for row, completion in zip(rows, dealt, strict=True)]


def _one_cycle(places: Sequence[int], generator: np.random.Generator) -> list[int]:
    """Return the places in an order in which none stands where it stood: a permutation of a single cycle."""
    order = list(places)
    for last in range(len(order) - 1, 0, -1):
        other = int(generator.integers(last))
        order[last], order[other] = order[other], order[last]
    return order


def _check(rows: Sequence[Row]) -> None:
    bare = sum("form" not in row for row in rows)
    if bare:
        raise TaskError(
            f"the control permuted_answers deals answers anew among rows of the same form, and {bare} of {len(rows)} "
            "training rows have no `form`. Give each row one (the same text in all makes a single form); conversations "
            "and whole texts have no answer that could be dealt."
        )
    counts: dict[str, int] = {}
    for row in rows:
        counts[row["form"]] = counts.get(row["form"], 0) + 1
    single = sorted(form for form, count in counts.items() if count == 1)
    if single:
        raise TaskError(
            f"the control permuted_answers cannot deal the answer of a form that one row alone has: "
            f"{', '.join(map(repr, single))}. Add rows of it, leave it out, or name it like another form."
        )
