"""Training rows that give test items away: exact matches, shared runs of words, and near-duplicates.

Rows stream by once; the items are held as sets of word runs. MinHash (Broder 1997, through datasketch) is asked
only about rows half of whose word triples occur in some item: two texts that are half the same must have that, and
sketching every row would cost a hundred times as much. Every near pair is confirmed exactly.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from datasketch import MinHash, MinHashLSH

from harness import text

RUN = 8
NEAR = 0.5
_TRIPLE = 3
_PERMUTATIONS = 64
_SEED = 1
_SIEVE = 0.25
"""The sketch's own threshold: lower than `NEAR`, so that few pairs escape it; what it finds is confirmed."""

Kind = Literal["exact", "run", "near"]


@dataclass(frozen=True, slots=True)
class Passage:
    """A training row or a test item. `fact` is what it states, without the words that every question shares.

    `question` is an item's question where its `fact` leaves words of it out, else empty.
    """

    id: str
    whole: str
    fact: str
    suite: str = ""
    question: str = ""

    @classmethod
    def of(cls, identity: str, rendered: str, document: Mapping[str, Any], suite: str = "") -> "Passage":
        """Make one from a document of a task: its `source` states the fact where it has one."""
        source = document.get("source")
        if not source:
            return cls(identity, rendered, rendered, suite)
        return cls(identity, rendered, str(source), suite, str(document.get("question") or ""))


@dataclass(frozen=True, slots=True)
class Hit:
    """A training row that gives an item away; `shared` is the text, the run, or the similarity they share."""

    suite: str
    item: str
    row: str
    kind: Kind
    shared: str

    def __str__(self) -> str:
        """One line for an error message."""
        how = {"exact": "is", "run": "shares 8 words with", "near": "is nearly"}[self.kind]
        return f"training row {self.row} {how} {self.suite} item {self.item}: {self.shared}"


def hits(rows: Iterable[Passage], items: Sequence[Passage]) -> Iterator[Hit]:
    """Yield every pair of a row and an item that coincide, share 8 words in a row, or are half the same.

    A pair is reported once, as the first of ``exact``, ``run`` and ``near`` that holds.
    """
    index = _Items(items)
    for row in rows:
        seen: set[tuple[str, str]] = set()
        for hit in index.hits(row):
            if (hit.suite, hit.item) not in seen:
                seen.add((hit.suite, hit.item))
                yield hit


class _Items:
    def __init__(self, items: Sequence[Passage]) -> None:
        self._items = list(items)
        self._exact: dict[str, list[Passage]] = defaultdict(list)
        self._runs: dict[str, list[Passage]] = defaultdict(list)
        self._questions: dict[str, list[tuple[str, Passage]]] = defaultdict(list)
        self._triples: set[str] = set()
        self._sketches = MinHashLSH(threshold=_SIEVE, num_perm=_PERMUTATIONS)
        for key, item in enumerate(self._items):
            self._add(key, item)

    def _add(self, key: int, item: Passage) -> None:
        words = text.normalise(item.fact).split()
        for plain in {text.normalise(item.whole), " ".join(words)} - {""}:
            self._exact[plain].append(item)
        asked = text.normalise(item.question)
        if asked.count(" ") >= RUN - 1:
            self._questions[" ".join(asked.split()[:RUN])].append((asked, item))
        for run in text.runs(words, RUN):
            self._runs[run].append(item)
        triples = text.runs(words, _TRIPLE)
        self._triples |= triples
        self._sketches.insert(key, _sketch(triples))

    def hits(self, row: Passage) -> Iterator[Hit]:
        words = text.normalise(row.fact).split()
        whole = text.normalise(row.whole) if row.whole != row.fact else " ".join(words)
        for plain in dict.fromkeys((whole, " ".join(words))):
            for item in self._exact.get(plain, ()):
                yield Hit(item.suite, item.id, row.id, "exact", plain)
        runs = text.runs(words, RUN)
        for run in sorted(filter(self._runs.__contains__, runs)):
            for item in self._runs[run]:
                yield Hit(item.suite, item.id, row.id, "run", run)
        yield from self._copied(row, whole, runs if row.whole == row.fact else text.runs(whole.split(), RUN))
        yield from self._near(row, text.runs(words, _TRIPLE))

    def _copied(self, row: Passage, whole: str, runs: set[str]) -> Iterator[Hit]:
        """Find questions that stand in the row word for word; parts of them may be every question's."""
        for run in sorted(filter(self._questions.__contains__, runs)):
            for asked, item in self._questions[run]:
                if f" {asked} " in f" {whole} ":
                    yield Hit(item.suite, item.id, row.id, "run", asked)

    def _near(self, row: Passage, triples: set[str]) -> Iterator[Hit]:
        # |A∩B| ≥ ½|A∪B| needs |A∩B| ≥ |A|/2, so fewer triples known to any item rule every item out.
        if not triples or len(triples & self._triples) < len(triples) * NEAR:
            return
        for key in sorted(self._sketches.query(_sketch(triples))):
            item = self._items[key]
            theirs = text.runs(text.normalise(item.fact).split(), _TRIPLE)
            similarity = len(triples & theirs) / len(triples | theirs)
            if similarity >= NEAR:
                yield Hit(item.suite, item.id, row.id, "near", f"{similarity:.2f} of their word triples")


_EMPTY = MinHash(num_perm=_PERMUTATIONS, seed=_SEED)


def _sketch(triples: set[str]) -> MinHash:
    sketch = _EMPTY.copy()  # a fresh one would draw its permutations anew, which costs more than using them
    sketch.update_batch([triple.encode() for triple in triples])
    return sketch
