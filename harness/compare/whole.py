"""A score over all items at once as pseudo-values of the units, so that it is compared as means are."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from harness.compare.corpora import corpus
from harness.compare.sources import ScoredSuite
from harness.compare.sources.settings import agrees
from harness.errors import ComparisonError
from harness.statistics.critical import Floats
from harness.statistics.pseudo import Corpus, Units, pseudo_values


def check_recorded(found: ScoredSuite, metric: str) -> None:
    """Raise `ComparisonError` where a file's items do not come to the score that lm-eval recorded of them.

    A function of a task's author is known by its name alone; that its score is met says that it is the one meant.
    """
    made, recorded = found.whole, found.file.recorded
    if made is None or recorded is None:
        return
    score = float(_corpus(found.file.path, metric, made, [item.value for item in found.items]).score())
    if not agrees(score, recorded):
        raise ComparisonError(
            f"{found.file.path}: {metric} of its samples, as {made}, is {score:.6g}, and lm-eval recorded "
            f"{recorded:.6g}: these are not the samples of that evaluation, or the task computes another score by that "
            "name, which cannot be compared."
        )


def units_of_a_whole(path: Path, metric: str, aggregation: str, values: Sequence[Any], units: Units) -> Floats:
    """Return a run's pseudo-values, ``(units,)``, of the values logged of its items, ``(items,)``.

    Raises `ComparisonError` where there are none.
    """
    try:
        return pseudo_values(_corpus(path, metric, aggregation, values), units)
    except ValueError as error:
        raise ComparisonError(f"{path}: {metric} cannot be compared: {error}.") from error


def _corpus(path: Path, metric: str, aggregation: str, values: Sequence[Any]) -> Corpus:
    try:
        return corpus(aggregation, values)
    except ValueError as error:
        raise ComparisonError(f"{path}: {metric} cannot be compared: {error}.") from error
