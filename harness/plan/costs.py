"""What an experiment would cost, as records: estimates, made elsewhere and labelled so."""

from collections.abc import Mapping
from dataclasses import dataclass

from harness.plan.power import Power
from harness.records import Screening


@dataclass(frozen=True, slots=True, kw_only=True)
class CellCost:
    """One cell: parameters, tokens trained on, seconds, bytes of peak memory and of what stays on disk.

    `matched` says what a recipe's `match` comes to.
    """

    cell: str
    recipe: str
    layers: int
    trainable: int
    tokens: int
    train_seconds: float
    evaluate_seconds: float
    memory: int
    disk: int
    matched: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """What the whole experiment would cost, cell by cell in order, and what could not be looked at for it."""

    device: str
    parameters: int
    cells: tuple[CellCost, ...]
    trials: tuple[CellCost, ...]
    suites: Mapping[str, tuple[int, float]]
    """Items and tokens an item, by task."""
    rows: int | None
    screening: Screening | None
    """None where the training rows could not be had."""
    power: Power
    unscreened: tuple[str, ...] = ()
    """Suites that the training rows were not compared with."""
    assumed: tuple[str, ...] = ()
    absent: tuple[str, ...] = ()
    """What is not in the cache, so that something had to be assumed."""
    reasons: tuple[str, ...] = ()
    """Why else something had to be."""

    @property
    def seconds(self) -> float:
        """Training and scoring of all cells and trials, one after the other."""
        return sum(each.train_seconds + each.evaluate_seconds for each in (*self.trials, *self.cells))

    @property
    def search_seconds(self) -> float:
        """Training of the trials alone."""
        return sum(each.train_seconds for each in self.trials)

    @property
    def memory(self) -> int:
        """Bytes of memory at the peak of the cell or trial that needs the most."""
        return max(each.memory for each in (*self.trials, *self.cells))

    @property
    def disk(self) -> int:
        """Bytes that all cells together leave on disk."""
        return sum(each.disk for each in self.cells)
