"""Requests → rows → batches, on token ids alone.

A row is one prompt with as many of its options as fit beside each other. Rows are sorted by length and cut into
batches; which request stands in which batch depends on the requests alone, never on the model, so that every
model of an experiment is scored in the same batches.
"""

import itertools
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

Tokens = Sequence[int]
Request = tuple[tuple[str, str] | None, list[int], list[int]]
"""lm-eval's tokenized request: its strings, the context's tokens, the continuation's tokens."""

OVERHEAD = 16
"""What a batch costs besides its tokens, in tokens: 45 ms against 3 ms a token on one core, 135M parameters."""


@dataclass(frozen=True, slots=True)
class Row:
    """A prompt and its options. `requests[i]` is the place of option i among the requests that came in."""

    prompt: Tokens
    options: tuple[Tokens, ...]
    requests: tuple[int, ...]

    @property
    def length(self) -> int:
        """Tokens that the model reads: an option's last token is predicted, never read."""
        return len(self.prompt) + sum(len(option) - 1 for option in self.options)


def rows(requests: Sequence[Request], *, budget: int) -> list[Row]:
    """Group neighbouring requests with the same context, at most `budget` tokens a row where that is possible.

    The longest row comes first; rows of one length stand in the order of their requests.
    """
    numbered = enumerate(requests)
    groups = itertools.groupby(numbered, key=lambda pair: pair[1][1])
    found = [row for prompt, group in groups for row in _split(prompt, group, budget)]
    return sorted(found, key=lambda row: (-row.length, row.requests))


def _split(prompt: Tokens, group: Iterable[tuple[int, Request]], budget: int) -> Iterator[Row]:
    options: list[Tokens] = []
    places: list[int] = []
    length = len(prompt)
    for place, (_, _, option) in group:
        if options and length + len(option) - 1 > budget:
            yield Row(prompt, tuple(options), tuple(places))
            options, places, length = [], [], len(prompt)
        options.append(option)
        places.append(place)
        length += len(option) - 1
    yield Row(prompt, tuple(options), tuple(places))


def batches(ordered: Sequence[Row], *, size: int, budget: int) -> list[list[Row]]:
    """Cut rows, longest first, into the batches that cost least, by dynamic programming.

    A batch is padded to its longest row, holds at most `size` rows and, unless it is a single row, at most
    `budget` tokens, padding included. Its cost is its tokens plus `OVERHEAD`. Linear in rows times `size`.
    """
    costs = [0] * (len(ordered) + 1)
    lengths = [0] * len(ordered)
    for start in reversed(range(len(ordered))):
        longest = ordered[start].length
        fitting = min(size, max(1, budget // longest), len(ordered) - start)
        costs[start], negative = min(
            (OVERHEAD + count * longest + costs[start + count], -count) for count in range(1, fitting + 1)
        )
        lengths[start] = -negative
    return _cut(ordered, lengths)


def _cut(ordered: Sequence[Row], lengths: Sequence[int]) -> list[list[Row]]:
    """Return the rows in batches; `lengths[i]` is the length of the batch that would start at row i."""
    cut = []
    start = 0
    while start < len(ordered):
        cut.append(list(ordered[start : start + lengths[start]]))
        start += lengths[start]
    return cut
