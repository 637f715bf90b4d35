"""What the trials of a search choose.

By ``loss`` the least validation loss, by ``margin`` the greatest answer margin on the validation rows. By ``both`` the
margin goes first and the loss decides where it is not clear: of the combinations whose margin is no more than one
standard error behind the greatest (the error of the paired difference over the rows, whose clusters move as one), the
least loss. It is Breiman et al.'s one-standard-error rule (1984, section 3.4.3), with the loss in the place of
simplicity. Of equal ones the first is chosen.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from harness.plan.search import Trial
from harness.records import CellFailure, CellResult, ChosenValues, TriedValues
from harness.spec.numbers import is_number
from harness.spec.records import TuneMetric
from harness.statistics.moments import Floats, moments


@dataclass(frozen=True, slots=True, kw_only=True)
class Margins:
    """The answer margin of one trial on each validation row (rows,), bits a byte, and the cluster of each (rows,).

    `clusters` is None where rows are independent.
    """

    values: Floats
    clusters: npt.NDArray[np.int64] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """A trial, how it ended, and its margins where they were taken."""

    trial: Trial
    outcome: CellResult | CellFailure
    margins: Margins | None = None

    @property
    def tried(self) -> TriedValues:
        """The trial as the lock file and the report have it."""
        trial, outcome = self.trial, self.outcome
        if isinstance(outcome, CellFailure):
            loss, seconds, failure = None, None, f"{outcome.kind}: {outcome.message}"
        else:
            loss, seconds, failure = outcome.training.validation_loss, outcome.costs.total_seconds, ""
        return TriedValues(
            values=trial.values,
            cell=outcome.cell.id,
            validation_loss=loss,
            seconds=seconds,
            failure=failure,
            part=trial.part,
            seed=outcome.cell.seed,
            margin=None if self.margins is None else float(self.margins.values.mean()),
        )


def choose(ended: Sequence[Ended], metric: TuneMetric = "loss") -> tuple[ChosenValues, ...]:
    """Return for each recipe what its trials choose.

    Where some values were trained with a second seed, one of these is chosen, by the mean of both. A trial that failed,
    with either seed, is worse than all that ended.
    """
    recipes = dict.fromkeys(each.trial.recipe for each in ended)
    return tuple(_choice(name, [each for each in ended if each.trial.recipe == name], metric) for name in recipes)


@dataclass(frozen=True, slots=True)
class Candidate:
    """A combination of values: its trials, one a seed, none of them failed."""

    trials: Sequence[Ended]

    @property
    def loss(self) -> float:
        """The mean validation loss over its seeds."""
        return sum(each.tried.validation_loss or 0.0 for each in self.trials) / len(self.trials)

    @property
    def margins(self) -> Margins | None:
        """The mean margin of each row over its seeds."""
        found = [each.margins for each in self.trials if each.margins is not None]
        if not found:
            return None
        return Margins(values=np.mean([each.values for each in found], axis=0), clusters=found[0].clusters)

    @property
    def margin(self) -> float | None:
        """The mean margin over rows and seeds."""
        return None if self.margins is None else float(self.margins.values.mean())


def _choice(recipe: str, ended: Sequence[Ended], metric: TuneMetric) -> ChosenValues:
    trials, candidates = tuple(each.tried for each in ended), _candidates(ended)
    if not candidates:
        return ChosenValues(recipe=recipe, values=None, trials=trials)
    first, behind = _best(candidates, metric)
    values = first.trials[0].trial.values
    return ChosenValues(
        recipe=recipe,
        values=values,
        trials=trials,
        at_edge=tuple(
            field for field, value in values.items() if _at_edge(value, [each.values[field] for each in trials])
        ),
        validation_loss=first.loss,
        margin=first.margin,
        behind=behind,
    )


def ranked(ended: Sequence[Ended], metric: TuneMetric = "loss") -> list[Candidate]:
    """Return what did not fail, recipes and values alike, the best first: each is the best of those behind it."""
    left, order = _candidates(ended), []
    while left:
        first, _ = _best(left, metric)
        order.append(first)
        left = [each for each in left if each is not first]
    return order


def _candidates(ended: Sequence[Ended]) -> list[Candidate]:
    """Return the combinations that may be chosen: tried with as many seeds as any, none failed."""
    by_values: dict[tuple[str, tuple[tuple[str, Any], ...]], list[Ended]] = {}
    for each in ended:
        by_values.setdefault((each.trial.recipe, tuple(each.trial.values.items())), []).append(each)
    most = max(map(len, by_values.values()), default=0)
    whole = [each for each in by_values.values() if len(each) == most]
    return [Candidate(each) for each in whole if all(isinstance(one.outcome, CellResult) for one in each)]


def _best(candidates: Sequence[Candidate], metric: TuneMetric) -> tuple[Candidate, tuple[float, float] | None]:
    """Return the combination that is chosen, and how far its margin is behind the greatest, where there are margins."""
    if metric == "loss":
        return min(candidates, key=lambda each: each.loss), None
    greatest = max(candidates, key=lambda each: each.margin or 0.0)
    behind = {id(each): _behind(each, greatest) for each in candidates}
    near = [each for each in candidates if behind[id(each)][0] <= behind[id(each)][1]]
    chosen = min(near, key=lambda each: each.loss) if metric == "both" else greatest
    return chosen, behind[id(chosen)]


def _behind(candidate: Candidate, greatest: Candidate) -> tuple[float, float]:
    """Return how much less its margin is than the greatest, and the standard error of that; 0 of two equal ones."""
    ours, theirs = candidate.margins, greatest.margins
    assert ours is not None
    assert theirs is not None
    differences = theirs.values - ours.values
    if len(differences) == 1:
        return float(differences[0]), 0.0
    found = moments(differences[None], theirs.clusters)
    return float(differences.mean()), float(found.total**0.5)


def _at_edge(value: Any, tried: Sequence[Any]) -> bool:
    numbers = [each for each in tried if is_number(each)]
    return len(set(numbers)) > 1 and value in (min(numbers), max(numbers))
