"""What every part of the simulation shares: the run's numbers, tables, and bars that are met or not."""

import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from tabulate import tabulate

T = TypeVar("T")

TAILS = {
    "1 comparison": 0.025,
    "2 comparisons": 0.025 / 2,
    "7 comparisons": 0.025 / 7,
    "1 over 4 looks": 0.025 / 4,
    "2 over 4 looks": 0.025 / 8,
    "7 over 4 looks": 0.025 / 28,
}
"""What a condition may err, one-sided, where alpha is shared by so many comparisons and even looks."""

ENOUGH = 20_000
"""A bar is met by no fewer replicates a cell."""
BOUNDED = 500
"""Replicates of the fast mode, which can contradict a bar and not meet it."""
DOUBT = 4.0
"""Monte Carlo standard errors beyond a bar at which fewer replicates contradict it."""
WIDEST = 0.025
"""The tail of a single comparison; a smaller one takes as many more replicates as its errors are rarer."""
EXCESS = 1.2
"""What .94 of coverage and .03 of a label are at a tail of .025, and what other tails are held to."""
COVERAGE_BAR, LABEL_BAR, FAMILY_BAR = 0.94, 0.03, 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """What the command line fixes for all parts."""

    replicates: int = ENOUGH
    seed: int = 20
    fast: bool = False

    def stream(self, *cell: object) -> np.random.Generator:
        """Return the draws of a cell: its own, whichever other cells are run."""
        return np.random.default_rng([self.seed, zlib.crc32(repr(cell).encode())])

    def replicates_at(self, tail: float) -> int:
        """Return how many replicates a cell of this tail takes, so that every cell sees as many errors."""
        return self.replicates if self.fast else round(self.replicates * WIDEST / tail)

    @property
    def tails(self) -> dict[str, float]:
        """The tails by name; in the fast mode those whose errors its replicates can count."""
        return {name: tail for name, tail in TAILS.items() if not self.fast or tail > WIDEST / 3}

    def choice(self, whole: Sequence[T], fast: Sequence[T]) -> Sequence[T]:
        """Return a grid's values: all, or the few of the fast mode."""
        return fast if self.fast else whole


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """A figure held to a limit: the worst of `cells` cells of `replicates` each, or more.

    Without `replicates` there is no chance in it. `above` asks for at least the limit. Both are multiples of `unit`, a
    rate.
    """

    what: str
    value: float
    limit: float
    replicates: int | None
    cells: int = 1
    above: bool = False
    unit: float = 1.0

    @property
    def met(self) -> bool:
        """Whether the limit is kept; with too few replicates, whether it is not contradicted."""
        slack = 0.0 if self.enough else DOUBT * self.error
        return self.value >= self.limit - slack if self.above else self.value <= self.limit + slack

    @property
    def enough(self) -> bool:
        """Whether there are replicates enough to say that the bar is met."""
        return self.replicates is None or self.replicates >= ENOUGH

    @property
    def error(self) -> float:
        """Monte Carlo standard error of a figure at the limit."""
        if self.replicates is None:
            return 0.0
        rate = self.limit * self.unit
        return float(np.sqrt(rate * (1 - rate) / self.replicates)) / self.unit

    def __str__(self) -> str:
        words = ("met" if self.enough else "not contradicted") if self.met else "NOT MET"
        extreme = "lowest" if self.above else "highest"
        drawn = f"{self.replicates} replicates, Monte Carlo standard error {self.error:.4f}"
        return (
            f"{self.what}: {extreme} of {self.cells} {self.value:.4f}, bar {self.limit:g}: {words} "
            f"({'exact' if self.replicates is None else drawn})"
        )


Block = str | Bar
Part = Callable[[Run], Iterator[Block]]


def table(rows: Sequence[Sequence[object]], headers: Sequence[str]) -> str:
    """Return rows as a table of Markdown."""
    return tabulate(rows, headers=headers, floatfmt=".4g", tablefmt="github")


def points(gaps: Sequence[float]) -> str:
    """Return gaps in points, ``8→4``."""
    return "→".join(f"{100 * gap:g}" for gap in gaps)
