"""Label noise: a share of the rows train on the answer of another row of their form, which is wrong."""

from collections.abc import Mapping, Sequence

import numpy as np

from harness.errors import TaskError
from harness.sources.data import Row
from harness.spec.records import Transform
from harness.transforms._base import Losses, RowTransform, changed


class Noise(RowTransform):
    """Give the declared share of the rows a wrong answer each.

    It is the completion of a row of the same `form`, drawn until it is another text: so as frequent as answers of the
    form are, and never right by chance, as a placebo's may be. The rows of a smaller share are among those of a larger
    one, with the same answers.
    """

    name = "noise"

    def apply(self, rows: Sequence[Row], declared: Transform, losses: Losses | None = None) -> list[Row]:
        """Return all rows in their order."""
        del losses
        by_form = _by_form(rows)
        generator = self.generator(declared, 1)
        found = list(rows)
        for place in self.drawn(len(rows), declared):
            other = _other(rows, place, by_form[rows[place]["form"]], generator)
            found[place] = changed(
                rows[place], f"{self.name}: the answer of row {other + 1}", completion=rows[other]["completion"]
            )
        return found


def _other(rows: Sequence[Row], place: int, alike: Sequence[int], generator: np.random.Generator) -> int:
    while True:
        other = alike[int(generator.integers(len(alike)))]
        if rows[other]["completion"] != rows[place]["completion"]:
            return other


def _by_form(rows: Sequence[Row]) -> Mapping[str, list[int]]:
    """Return the places of the rows of each form. Raises `TaskError` where some row could have no wrong answer."""
    bare = sum("form" not in row for row in rows)
    if bare:
        raise TaskError(
            f"noise takes wrong answers from rows of the same form, and {bare} of {len(rows)} training rows have no "
            "`form`. Give each row one (the same text in all makes a single form)."
        )
    found: dict[str, list[int]] = {}
    for place, row in enumerate(rows):
        found.setdefault(row["form"], []).append(place)
    single = sorted(form for form, places in found.items() if len({rows[each]["completion"] for each in places}) == 1)
    if single:
        raise TaskError(
            f"noise has no wrong answer for forms whose rows have a single one: {', '.join(map(repr, single))}. "
            "Add rows of another answer, leave them out, or name them like another form."
        )
    return found
