"""Scores of a run's recipes as lm-eval aggregated them, summed up over seeds."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from statistics import mean, stdev

from harness.compare.design import BASE
from harness.ledger import Outcome
from harness.records import CellResult, Evaluation
from harness.spec.records import Experiment, Suite

BESIDE = ("acc", "exact_match")
"""Metrics that are summed up beside the primary one where a suite has them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MeanAndSD:
    """A mean with the standard deviation of the values behind it; a single value has none."""

    mean: float
    sd: float | None

    @classmethod
    def of(cls, values: Sequence[float]) -> "MeanAndSD":
        """Sum up one value or more."""
        return cls(mean=mean(values), sd=stdev(values) if len(values) > 1 else None)


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoreSummary:
    """A recipe's score on a suite by one metric, over the seeds that have it; `model` is the base model's label."""

    model: str
    recipe: str
    suite: str
    metric: str
    score: MeanAndSD
    seeds: int


def summarise_scores(experiment: Experiment, outcomes: Sequence[Outcome]) -> tuple[ScoreSummary, ...]:
    """Return every recipe's scores on every suite, the base's first, the primary metric of a suite first."""
    return tuple(
        summary
        for recipe in (BASE, *(each.name for each in experiment.controls), *experiment.arm_names)
        for suite in experiment.suites
        for summary in _of_suite(experiment, recipe, suite, results_of(outcomes, recipe))
    )


def results_of(outcomes: Sequence[Outcome], recipe: str) -> list[CellResult]:
    """Return a recipe's finished cells, in the order of the plan."""
    return [each for each in outcomes if isinstance(each, CellResult) and each.cell.recipe == recipe]


def _of_suite(
    experiment: Experiment, recipe: str, suite: Suite, results: Sequence[CellResult]
) -> Iterator[ScoreSummary]:
    evaluations = [scored for each in results for scored in each.evaluations if scored.task == suite.task]
    primary, _, chosen = suite.metric.partition(",")
    for metric in dict.fromkeys([primary, *BESIDE]):
        values = list(_values(evaluations, metric, chosen))
        if values:
            yield ScoreSummary(
                model=results[0].cell.model or experiment.model.name,
                recipe=recipe,
                suite=suite.task,
                metric=metric,
                score=MeanAndSD.of(values),
                seeds=len(values),
            )


def _values(evaluations: Sequence[Evaluation], metric: str, chosen: str) -> Iterator[float]:
    """Yield the values under lm-eval's key of a metric (``exact_match,strict-match``), of the chosen filter if any."""
    for each in evaluations:
        for key, value in each.metrics.items():
            name, _, used = key.partition(",")
            if name == metric and chosen in {"", used}:
                yield value
