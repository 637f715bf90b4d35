"""What makes a set of multiple-choice items worth scoring on, as checks that anyone's items can be put through."""

import math
import re
from collections import Counter
from collections.abc import Iterator, Sequence

from harness import text
from harness.suites import heuristics
from harness.suites.item import Item

_MARKS = re.compile(r"[.,:;!?\"'()\[\]`]")


def problems(items: Sequence[Item]) -> list[str]:
    """Return everything that is wrong with a set, in words; nothing for a good one.

    Checked: no shallow heuristic over `heuristics.LIMIT` (or over chance where
    options are fewer than four or items few), the right answer equally often at each position (to one
    item), no question twice, no right answer spelt out in its own question.
    """
    if not items:
        return ["the split is empty"]
    return [*_shallow(items), *_positions(items), *_twice(items), *_spelt_out(items)]


def _shallow(items: Sequence[Item]) -> Iterator[str]:
    chance = sum(1 / len(item.choices) for item in items) / len(items)
    # A small set may exceed the limit by luck: what a guess reaches once in twenty times is no finding.
    limit = max(heuristics.LIMIT, chance + 1.64 * math.sqrt(chance * (1 - chance) / len(items)))
    for name, score in heuristics.scores(items).items():
        if score > limit:
            yield (
                f"guessing by {name} scores {score:.3f} (at most {limit:.3f} is allowed): "
                "choose wrong options that are as long as the right one and share as many words with the question"
            )


def _positions(items: Sequence[Item]) -> Iterator[str]:
    for width in sorted({len(item.choices) for item in items}):
        counts = Counter(item.answer for item in items if len(item.choices) == width)
        spread = [counts[position] for position in range(width)]
        if max(spread) - min(spread) > 1:
            yield f"of {width} options the right one stands {spread} times at each position: rotate the options"


def _twice(items: Sequence[Item]) -> Iterator[str]:
    counts = Counter(_asked(item.question) for item in items)
    for question, count in counts.items():
        if count > 1:
            yield f"{count} items ask {question!r}"


def _asked(question: str) -> str:
    """Return a question without case and marks of sentences; signs such as + and < tell questions apart."""
    return text.squeeze(_MARKS.sub(" ", question.casefold()))


def _spelt_out(items: Sequence[Item]) -> Iterator[str]:
    for item in items:
        if text.contains(item.question, item.right):
            yield f"item {item.id}: the answer {item.right!r} stands in its question"
