"""Augmentation without another model: copies of rows whose questions have words swapped, or lack some.

These are two of the four operations of Easy Data Augmentation (Wei and Zou 2019, arXiv 1901.11196), with its tenth of
the words changed. Its other two take a thesaurus, which is not here.
"""

from abc import abstractmethod
from collections.abc import Sequence
from typing import ClassVar

import numpy as np

from harness.errors import TaskError
from harness.sources.data import RENDERED, Row
from harness.spec.records import Transform
from harness.transforms._base import Losses, RowTransform, changed

CHANGED = 0.1
"""The part of the words that is changed, one at least."""

_LEAST = 3
"""Words between the first and the last of a line, of which some may go and some have to stay."""


class _Words(RowTransform):
    """Add a changed copy of the declared share of the rows, behind all rows.

    The words are those of the prompt's longest line, its first and last left out, which may be labels
    (``Question: …``). Answers stay. Rows that have too few words are passed over.
    """

    done: ClassVar[str]

    def apply(self, rows: Sequence[Row], declared: Transform, losses: Losses | None = None) -> list[Row]:
        """Return all rows, and behind them the copies."""
        del losses
        if any(RENDERED in row for row in rows):
            raise TaskError(f"{self.name} changes words of texts, and a chat template wrote these rows.")
        able = [place for place in self.order(len(rows), declared) if _can(rows[place])]
        wanted = self.wanted(len(rows), declared)
        if len(able) < wanted:
            raise TaskError(
                f"{self.name} is to change {wanted} of {len(rows)} rows, and {len(able)} have a line of {_LEAST + 2} "
                "words or more, some of them different. Lower its `share`."
            )
        generator = self.generator(declared, 1)
        return [*rows, *(self._copy(rows[place], place, generator) for place in able[:wanted])]

    def _copy(self, row: Row, place: int, generator: np.random.Generator) -> Row:
        before, words, after = _parts(row["prompt"])
        inner = words[1:-1]
        count = max(1, round(CHANGED * len(inner)))
        new = inner
        while new == inner:
            new = self.rearranged(inner, count, generator)
        line = " ".join([words[0], *new, words[-1]])
        return changed(row, f"{self.name}: row {place + 1} with {count} {self.done}", prompt=f"{before}{line}{after}")

    @abstractmethod
    def rearranged(self, words: list[str], count: int, generator: np.random.Generator) -> list[str]:
        """Return the words with `count` of them changed; they are not all the same."""


class SwapWords(_Words):
    """Swap pairs of words."""

    name = "swap_words"
    done = "pairs of words swapped"

    def rearranged(self, words: list[str], count: int, generator: np.random.Generator) -> list[str]:
        """Return them in another order."""
        found = list(words)
        for _ in range(count):
            one, other = generator.choice(len(found), size=2, replace=False)
            found[one], found[other] = found[other], found[one]
        return found


class DeleteWords(_Words):
    """Leave words out."""

    name = "delete_words"
    done = "words left out"

    def rearranged(self, words: list[str], count: int, generator: np.random.Generator) -> list[str]:
        """Return those that are left, in their order."""
        gone = set(generator.choice(len(words), size=count, replace=False).tolist())
        return [word for place, word in enumerate(words) if place not in gone]


def _can(row: Row) -> bool:
    _, words, _ = _parts(row["prompt"])
    inner = words[1:-1]
    return len(inner) >= _LEAST and len(set(inner)) > 1


def _parts(prompt: str) -> tuple[str, list[str], str]:
    """Return what is before the longest line, its words, and what is behind it."""
    lines = prompt.split("\n")
    place = max(range(len(lines)), key=lambda each: len(lines[each]))
    before, after = "\n".join([*lines[:place], ""]), "\n".join(["", *lines[place + 1 :]])
    return before, lines[place].split(), after
