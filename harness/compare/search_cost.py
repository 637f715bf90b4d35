"""What a search in phases cost, as so many full runs of the baseline that it is held against."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import mean

from harness.records import CellResult, FoundRecipe


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchCost:
    """All trials together, each counted once: how many, their steps and seconds, and what one full run took.

    `train_seconds` are those of training, with what is probed before it; `seconds` those of everything, loading and
    the validation rows too. `full_steps` and `full_seconds` (training with probes) are the baseline's means over the
    seeds that confirm; None where it has not run. Trials that `failed` are counted and their time is not known.
    """

    trials: int
    failed: int
    steps: int
    train_seconds: float
    probe_seconds: float
    seconds: float
    full_steps: float | None = None
    full_seconds: float | None = None

    @property
    def in_steps(self) -> float | None:
        """How many full runs have as many steps."""
        return self.steps / self.full_steps if self.full_steps else None

    @property
    def in_time(self) -> float | None:
        """How many full runs take as long to train."""
        return self.train_seconds / self.full_seconds if self.full_seconds else None


def search_cost(found: FoundRecipe, baseline: Sequence[CellResult]) -> SearchCost:
    """Return what a search cost; `baseline` are the finished cells of the recipe that it is held against."""
    ended = [trial for trial in found.trials if not trial.failure]
    return SearchCost(
        trials=len(found.trials),
        failed=len(found.trials) - len(ended),
        steps=sum(trial.steps or 0 for trial in ended),
        train_seconds=_sum([trial.train_seconds for trial in ended]),
        probe_seconds=_sum([trial.probe_seconds for trial in ended]),
        seconds=_sum([trial.seconds for trial in ended]),
        full_steps=mean(one.training.steps for one in baseline) if baseline else None,
        full_seconds=mean(map(_trained, baseline)) if baseline else None,
    )


def _trained(result: CellResult) -> float:
    return result.training.train_time + result.training.probe_seconds


def _sum(seconds: Sequence[float | None]) -> float:
    return sum(each or 0.0 for each in seconds)
