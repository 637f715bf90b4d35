"""Which items a suite keeps, and which split each belongs to, so that splits share no object and no sentence."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import accumulate
from typing import TypeVar

from harness.questions import stable
from harness.questions.items import Item, Prose
from harness.text import ngrams

RUN = 8
"""Words in a row that two splits may not share."""
NEAR = 0.5
"""Jaccard similarity of word 3-grams from which two sentences count as one."""
_TRIPLE = 3
_OF_ONE_CLUSTER = 3
_OF_ONE_ANSWER = 3
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
    runs = frozenset().union(*(ngrams(item.source, RUN) for item in held_out))
    near = _Sources(item.source for item in held_out)
    return [item for item in training if not ngrams(item.source, RUN) & runs and not near.holds(item.source)]


def without_copies(items: Iterable[Sourced]) -> list[Sourced]:
    """Keep one of several sources that nearly coincide (by hash of the id), with all its forms."""
    sources, kept = _Sources(()), []
    for item in sorted(items, key=lambda item: (stable.number("near", item.id), item.id)):
        if not sources.holds(item.source, but=item.source):
            sources.add(item.source)
            kept.append(item)
    return kept


def thinned(items: Iterable[Item], most: int) -> list[Item]:
    """Return at most `most` items and at most three of a cluster; which, is drawn from their ids."""
    return _limited(items, _OF_ONE_CLUSTER, of=lambda item: item.cluster, salt="thinned")[:most]


def varied(items: Iterable[Item]) -> list[Item]:
    """Return at most three items of one right answer: the same sentence about many entries is asked once too often."""
    return _limited(items, _OF_ONE_ANSWER, of=lambda item: item.right, salt="varied")


def even(items: Iterable[Item], most: int) -> list[Item]:
    """Return at most `most` items of each right answer, so that knowing the commonest is no help."""
    return _limited(items, most, of=lambda item: item.right, salt="even")


def _limited(items: Iterable[Item], most: int, *, of: Callable[[Item], str], salt: str) -> list[Item]:
    """Return at most `most` items of each value of `of`, taken in an order drawn from their ids and `salt`."""
    taken: Counter[str] = Counter()
    kept: list[Item] = []
    for item in sorted(items, key=lambda item: (stable.number(salt, item.id), item.id)):
        if taken[of(item)] < most:
            taken[of(item)] += 1
            kept.append(item)
    return kept


class _Sources:
    """Sources by their 3-grams, to find near ones without comparing all pairs."""

    def __init__(self, sources: Iterable[str]) -> None:
        self._sources: list[str] = []
        self._by_gram: dict[str, list[int]] = defaultdict(list)
        for source in dict.fromkeys(sources):
            self.add(source)

    def add(self, source: str) -> None:
        for gram in ngrams(source, _TRIPLE):
            self._by_gram[gram].append(len(self._sources))
        self._sources.append(source)

    def holds(self, source: str, but: str | None = None) -> bool:
        """Tell whether a source at least half like this one is in the index; `but` is not counted."""
        mine = ngrams(source, _TRIPLE)
        shared = Counter(at for gram in mine for at in self._by_gram.get(gram, ()))
        return any(
            count / (len(mine) + len(ngrams(self._sources[at], _TRIPLE)) - count) >= NEAR
            for at, count in shared.items()
            if self._sources[at] != but
        )
