"""What every part of the simulation shares: the run's numbers, tables, and bars that are met or not."""

import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from tabulate import tabulate

T = TypeVar("T")

ENOUGH = 20_000
"""A bar is met by no fewer replicates a cell."""
BOUNDED = 500
"""Replicates of the fast mode, which can contradict a bar and not meet it."""
DOUBT = 4.0
"""Monte Carlo standard errors beyond a bar at which fewer replicates contradict it."""
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

    def choice(self, whole: Sequence[T], fast: Sequence[T]) -> Sequence[T]:
        """Return a grid's values: all, or the few of the fast mode."""
        return fast if self.fast else whole


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """A figure held to a limit: the worst of `cells` cells of `replicates` each. `above` asks for at least it."""

    what: str
    value: float
    limit: float
    replicates: int
    cells: int = 1
    above: bool = False

    @property
    def met(self) -> bool:
        """Whether the limit is kept; with too few replicates, whether it is not contradicted."""
        slack = 0.0 if self.enough else DOUBT * self.error
        return self.value >= self.limit - slack if self.above else self.value <= self.limit + slack

    @property
    def enough(self) -> bool:
        """Whether there are replicates enough to say that the bar is met."""
        return self.replicates >= ENOUGH

    @property
    def error(self) -> float:
        """Monte Carlo standard error of a figure at the limit."""
        return float(np.sqrt(self.limit * (1 - self.limit) / self.replicates))

    def __str__(self) -> str:
        words = ("met" if self.enough else "not contradicted") if self.met else "NOT MET"
        extreme = "lowest" if self.above else "highest"
        return (
            f"{self.what}: {extreme} of {self.cells} {self.value:.4f}, bar {self.limit:g}: {words} "
            f"({self.replicates} replicates, Monte Carlo standard error {self.error:.4f})"
        )


Block = str | Bar
Part = Callable[[Run], Iterator[Block]]


def table(rows: Sequence[Sequence[object]], headers: Sequence[str]) -> str:
    """Return rows as a table of Markdown."""
    return tabulate(rows, headers=headers, floatfmt=".4g", tablefmt="github")


def points(gaps: Sequence[float]) -> str:
    """Return gaps in points, ``8→4``."""
    return "→".join(f"{100 * gap:g}" for gap in gaps)
