"""Augmentation without another model: copies of rows whose questions have words swapped, or lack some.

These are two of the four operations of Easy Data Augmentation (Wei and Zou 2019, arXiv 1901.11196), with its tenth of
the words changed. Its other two take a thesaurus, which is there for findings (`harness.transforms.synonyms`).
"""

from abc import abstractmethod
from typing import ClassVar

import numpy as np

from harness.sources.data import Row
from harness.transforms.copies import Copies

CHANGED = 0.1
"""The part of the words that is changed, one at least."""

_LEAST = 3
"""Words between the first and the last of a line, of which some may go and some have to stay."""


class _Words(Copies):
    """Add copies with a tenth of the question's words changed.

    The words are those of the prompt's longest line, its first and last left out, which may be labels
    (``Question: …``). Rows that have too few words are passed over.
    """

    does = "changes words of texts"
    verb = "change"
    done: ClassVar[str]

    def can(self, row: Row) -> bool:
        """Tell whether there are words to change, not all the same."""
        _, words, _ = _parts(row["prompt"])
        inner = words[1:-1]
        return len(inner) >= _LEAST and len(set(inner)) > 1

    def able(self) -> str:
        """Say how many words it takes."""
        return f"have a line of {_LEAST + 2} words or more, some of them different"

    def reworded(self, row: Row, generator: np.random.Generator) -> tuple[str, str]:
        """Return the prompt with words changed, so that it is another."""
        before, words, after = _parts(row["prompt"])
        inner = words[1:-1]
        count = max(1, round(CHANGED * len(inner)))
        new = inner
        while new == inner:
            new = self.rearranged(inner, count, generator)
        line = " ".join([words[0], *new, words[-1]])
        return f"{before}{line}{after}", f"with {count} {self.done}"

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


def _parts(prompt: str) -> tuple[str, list[str], str]:
    """Return what is before the longest line, its words, and what is behind it."""
    lines = prompt.split("\n")
    place = max(range(len(lines)), key=lambda each: len(lines[each]))
    before, after = "\n".join([*lines[:place], ""]), "\n".join(["", *lines[place + 1 :]])
    return before, lines[place].split(), after
