"""A fair share of a source that has more items than a suite needs, or the same one many times."""

from collections import Counter
from collections.abc import Iterable

from harness.suites import stable
from harness.suites.item import Item

_FROM_ONE_CLUSTER = 3
_OF_ONE_ANSWER = 3


def thinned(items: Iterable[Item], most: int) -> list[Item]:
    """Return at most `most` items and at most three of a cluster; which, is drawn from their ids."""
    taken: Counter[str] = Counter()
    kept: list[Item] = []
    for item in sorted(items, key=lambda item: (stable.number("thinned", item.id), item.id)):
        if taken[item.cluster] < _FROM_ONE_CLUSTER and len(kept) < most:
            taken[item.cluster] += 1
            kept.append(item)
    return kept


def varied(items: Iterable[Item]) -> list[Item]:
    """Return at most three items of one right answer: the same sentence about many entries is asked once too often."""
    taken: Counter[str] = Counter()
    kept: list[Item] = []
    for item in sorted(items, key=lambda item: (stable.number("varied", item.id), item.id)):
        if taken[item.right] < _OF_ONE_ANSWER:
            taken[item.right] += 1
            kept.append(item)
    return kept
