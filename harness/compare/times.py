"""Training times of a run's cells, paired by seed: how much faster each candidate trains than the reference."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from harness.ledger import Outcome
from harness.records import CellResult, TrainRecord
from harness.statistics.speedup import SpeedUp, speed_up


@dataclass(frozen=True, slots=True, kw_only=True)
class Faster:
    """A candidate's speed-up in training alone, and with the seconds spent on data before it (probes) added.

    Each is None for fewer than two seeds that both have.
    """

    training: SpeedUp | None
    with_probes: SpeedUp | None


def faster(outcomes: Sequence[Outcome], reference: str, candidate: str) -> Faster:
    """Compare the training times of the seeds that both recipes have finished."""
    return Faster(
        training=_paired(outcomes, reference, candidate, lambda record: record.train_time),
        with_probes=_paired(outcomes, reference, candidate, lambda record: record.train_time + record.probe_seconds),
    )


def _paired(
    outcomes: Sequence[Outcome], reference: str, candidate: str, read: Callable[[TrainRecord], float]
) -> SpeedUp | None:
    first, second = (
        {each.cell.seed: read(each.training) for each in results_of(outcomes, recipe)}
        for recipe in (reference, candidate)
    )
    shared = [seed for seed in first if seed in second]
    return speed_up([first[seed] for seed in shared], [second[seed] for seed in shared])


def results_of(outcomes: Sequence[Outcome], recipe: str) -> list[CellResult]:
    """Return a recipe's finished cells, in the order of the plan."""
    return [each for each in outcomes if isinstance(each, CellResult) and each.cell.recipe == recipe]
