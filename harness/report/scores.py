"""The table of scores: recipe by suite, mean ± standard deviation over seeds."""

from collections.abc import Iterator, Sequence
from statistics import mean, stdev

from tabulate import tabulate

from harness.ledger import Outcome
from harness.records import CellResult, Evaluation
from harness.spec.records import Experiment, Suite

BESIDE = ("acc", "exact_match")
"""Metrics shown under the primary one where a suite has them."""


def scores_table(experiment: Experiment, outcomes: Sequence[Outcome]) -> str:
    """Return the table; a recipe without a finished cell has a dash, one with a single seed no deviation."""
    headers = ["recipe", *(f"{suite.task}\n{suite.role.replace('_', '-')}" for suite in experiment.suites)]
    rows = [
        [recipe, *(_cell(suite, _evaluations(outcomes, recipe, suite)) for suite in experiment.suites)]
        for recipe in ("base", *(each.id for each in experiment.recipes))
    ]
    return tabulate(rows, headers=headers, disable_numparse=True)


def _evaluations(outcomes: Sequence[Outcome], recipe: str, suite: Suite) -> list[Evaluation]:
    results = [each for each in outcomes if isinstance(each, CellResult) and each.cell.recipe == recipe]
    return [scored for each in results for scored in each.evaluations if scored.task == suite.task]


def _cell(suite: Suite, evaluations: Sequence[Evaluation]) -> str:
    metrics = dict.fromkeys([suite.metric, *BESIDE])
    return "\n".join(_lines(metrics, evaluations)) or "–"


def _lines(metrics: Sequence[str] | dict[str, None], evaluations: Sequence[Evaluation]) -> Iterator[str]:
    for metric in metrics:
        values = [value for each in evaluations for key, value in each.metrics.items() if key.split(",")[0] == metric]
        if values:
            yield f"{metric} {spread(values)}"


def spread(values: Sequence[float], *, digits: int = 4) -> str:
    """Return ``mean ± standard deviation``, the mean alone for a single value."""
    deviation = f" ± {stdev(values):.{digits}f}" if len(values) > 1 else ""
    return f"{mean(values):.{digits}f}{deviation}"
