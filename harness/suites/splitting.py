"""Splits that share no object and no sentence."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from itertools import accumulate
from typing import TypeVar

from harness import text
from harness.suites import stable
from harness.suites.item import Item
from harness.suites.prose import Prose

RUN = 8
"""Words in a row that two splits may not share."""
NEAR = 0.5
"""Jaccard similarity of word 3-grams from which two sentences count as one."""
_SHORT = 3
Sourced = TypeVar("Sourced", Item, Prose)


def by_cluster(items: Iterable[Item], shares: Mapping[str, float]) -> dict[str, list[Item]]:
    """Deal whole clusters to splits by a hash of their names; `shares` sum to 1."""
    bounds = dict(zip(shares, accumulate(shares.values()), strict=True))
    dealt: dict[str, list[Item]] = {name: [] for name in shares}
    last = list(shares)[-1]
    for item in items:
        at = stable.share("split", item.cluster)
        dealt[next((name for name, bound in bounds.items() if at < bound), last)].append(item)
    return dealt


def without_leaks(training: Sequence[Item], held_out: Sequence[Item]) -> list[Item]:
    """Return the training items whose source shares no 8-word run with, and is not near, a held-out source."""
    runs = frozenset().union(*(text.ngrams(item.source, RUN) for item in held_out))
    near = _Index(held_out)
    return [item for item in training if not text.ngrams(item.source, RUN) & runs and not near.holds(item.source)]


def without_copies(items: Iterable[Sourced]) -> list[Sourced]:
    """Keep one of several sources that nearly coincide (by hash of the id), with all its forms."""
    index, kept = _Index(()), []
    for item in sorted(items, key=lambda item: (stable.number("near", item.id), item.id)):
        if not index.holds(item.source, but=item.source):
            index.add(item.source)
            kept.append(item)
    return kept


class _Index:
    """Sources by their 3-grams, to find near ones without comparing all pairs."""

    def __init__(self, items: Sequence[Item]) -> None:
        self._sources: list[str] = []
        self._by_gram: dict[str, list[int]] = defaultdict(list)
        for source in dict.fromkeys(item.source for item in items):
            self.add(source)

    def add(self, source: str) -> None:
        for gram in text.ngrams(source, _SHORT):
            self._by_gram[gram].append(len(self._sources))
        self._sources.append(source)

    def holds(self, source: str, but: str | None = None) -> bool:
        """Tell whether a source at least half like this one is in the index; `but` is not counted."""
        shared: dict[int, int] = defaultdict(int)
        mine = text.ngrams(source, _SHORT)
        for gram in mine:
            for at in self._by_gram.get(gram, ()):
                shared[at] += 1
        return any(
            count / (len(mine) + len(text.ngrams(self._sources[at], _SHORT)) - count) >= NEAR
            for at, count in shared.items()
            if self._sources[at] != but
        )
