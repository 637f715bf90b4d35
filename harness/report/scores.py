"""Scores of a recipe on a suite as text: mean ± standard deviation over seeds."""

from collections.abc import Iterator, Sequence
from statistics import mean, stdev

from harness.compare.times import results_of
from harness.ledger import Outcome
from harness.records import Evaluation
from harness.spec.records import Suite

BASE = "base"
NONE = "–"
BESIDE = ("acc", "exact_match")
"""Metrics shown under the primary one where a suite has them."""


def score(outcomes: Sequence[Outcome], recipe: str, suite: Suite) -> str:
    """Return the primary metric, and in a second line another one where the suite has it; a dash for no score."""
    found = [
        scored for each in results_of(outcomes, recipe) for scored in each.evaluations if scored.task == suite.task
    ]
    return "\n".join(_lines(suite, found)) or NONE


def _lines(suite: Suite, evaluations: Sequence[Evaluation]) -> Iterator[str]:
    primary, _, chosen = suite.metric.partition(",")
    for metric in dict.fromkeys([primary, *BESIDE]):
        values = [value for each in evaluations for key, value in each.metrics.items() if _is(key, metric, chosen)]
        if values:
            yield spread(values) if metric == primary else f"{metric} {spread(values)}"


def _is(key: str, metric: str, chosen: str) -> bool:
    """Tell whether lm-eval's key (``exact_match,strict-match``) is of a metric, under the chosen filter if any is."""
    name, _, used = key.partition(",")
    return name == metric and chosen in {"", used}


def spread(values: Sequence[float], *, digits: int = 4) -> str:
    """Return ``mean ± standard deviation``, the mean alone for a single value."""
    deviation = f" ± {stdev(values):.{digits}f}" if len(values) > 1 else ""
    return f"{mean(values):.{digits}f}{deviation}"
