"""Shallow ways to answer without understanding, and sets on which none of them pays."""

import math
from collections.abc import Callable, Mapping, Sequence

from harness.suites import stable, wording
from harness.suites.item import Item

Heuristic = Callable[[Item], float]
LIMIT = 0.31
"""What a heuristic may score on a suite; guessing scores 0.25 with four options."""


def _expected(item: Item, merits: Sequence[float]) -> float:
    """Return the chance to be right when guessing among the options of highest merit."""
    best = max(merits)
    winners = [at for at, merit in enumerate(merits) if math.isclose(merit, best)]
    return (item.answer in winners) / len(winners)


def most_overlap(item: Item) -> float:
    """Score the guess at the option with the largest share of its words in the question."""
    return _expected(item, [wording.overlap(choice, item.question) for choice in item.choices])


def longest(item: Item) -> float:
    """Score the guess at the longest option."""
    return _expected(item, [len(choice) for choice in item.choices])


def shortest(item: Item) -> float:
    """Score the guess at the shortest option."""
    return _expected(item, [-len(choice) for choice in item.choices])


ALL: Mapping[str, Heuristic] = {"most_overlap": most_overlap, "longest": longest, "shortest": shortest}


def scores(items: Sequence[Item]) -> dict[str, float]:
    """Return each heuristic's mean score, in [0, 1]."""
    return {name: sum(map(rule, items)) / len(items) for name, rule in ALL.items()} if items else {}


def fair(items: Sequence[Item], limit: float) -> list[Item]:
    """Drop, in an order drawn from the ids, items that heuristics solve until none scores over `limit`.

    Items that most heuristics solve go first.
    """
    kept = list(items)
    for rule in ALL.values():
        kept = _below(kept, rule, limit)
    return kept if all(score <= limit for score in scores(kept).values()) else fair(kept, limit)


def _below(items: list[Item], rule: Heuristic, limit: float) -> list[Item]:
    solved = sorted(
        (item for item in items if rule(item) > limit),
        key=lambda item: (-sum(each(item) for each in ALL.values()), stable.number("fair", item.id)),
    )
    total, count, dropped = sum(map(rule, items)), len(items), set()
    for item in solved:
        if total <= limit * count:
            break
        total, count = total - rule(item), count - 1
        dropped.add(item.id)
    return [item for item in items if item.id not in dropped]
