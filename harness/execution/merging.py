"""What a spec's `merge` asks for: whether the merged model scores as the adapter does, and how fast both answer.

Everything is done on what was saved, as it would be served: the adapter is loaded onto a fresh base, so that the
check covers saving and loading too, and nothing that training left in the model is timed.
"""

import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from harness import adaptation
from harness.compare.sources.lm_eval import read_items
from harness.errors import RecipeError
from harness.execution.job import MERGE_GUARD, Job
from harness.execution.latency import latency
from harness.records import Evaluation, Measurement, ServingLatency
from harness.sources import models
from harness.spec.records import Recipe, Suite

FOLDER = "merge"

Score = Callable[[Any, Suite, Path], Evaluation]
"""Scores a model on a suite into a folder inside the cell's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Merging:
    """What was measured by merging: the check of the scores and the latencies, as far as the spec asks for them."""

    measurements: Mapping[str, Measurement] = field(default_factory=dict)
    latency: ServingLatency | None = None


def merging(job: Job, recipe: Recipe, state: Path, evaluations: Sequence[Evaluation], score: Score) -> Merging:
    """Return the check and the latencies that the spec asks for.

    `state` is the saved adapter. A method that cannot be merged is recorded with the reason: the guard does not
    apply, and there is no merged latency.
    """
    asked = job.experiment.merge
    base = models.load(job.experiment.model, quantization=recipe.base_quantization, device=job.device).model.eval()
    timed = {"base": latency(base, job.device)} if asked.latency else {}
    adapted = adaptation.load(base, recipe, state)
    if asked.latency:
        timed["adapter"] = latency(adapted.model, job.device)
    merged, reason = _merged(adapted)
    if asked.latency and merged is not None:
        timed["merged"] = latency(merged, job.device)
    return Merging(
        measurements={MERGE_GUARD: _check(job, merged, reason, evaluations, score)} if asked.check else {},
        latency=ServingLatency(not_merged=reason, **timed) if asked.latency else None,
    )


def _merged(adapted: adaptation.Adapted) -> tuple[Any, str | None]:
    """Return the merged model, or None and why there is none."""
    try:
        return adaptation.merge(adapted).eval(), None
    except RecipeError as error:
        return None, str(error)


def _check(job: Job, merged: Any, reason: str | None, evaluations: Sequence[Evaluation], score: Score) -> Measurement:
    """Score the first items of the first in-domain suite again and compare item by item with the cell's own scores."""
    if merged is None:
        return Measurement(name=MERGE_GUARD, details={"reason": reason})
    asked, suite = job.experiment.merge, job.experiment.suites_of("in_domain")[0]
    limit = min(asked.items, suite.limit or asked.items, job.experiment.evaluation.limit or asked.items)
    folder = job.folder / FOLDER
    again = score(merged, replace(suite, limit=limit), folder)
    own = next(each for each in evaluations if each.task == suite.task)
    largest = _largest(job.folder / own.samples, job.folder / again.samples, suite.metric)
    # Beside the suites' own files these would be taken for another model's.
    shutil.rmtree(folder)
    return Measurement(
        name=MERGE_GUARD,
        passed=largest <= asked.tolerance,
        value=largest,
        details={
            "largest_difference": largest,
            "tolerance": asked.tolerance,
            "items": again.items,
            "task": suite.task,
            "metric": suite.metric,
        },
    )


def _largest(own: Path, again: Path, metric: str) -> float:
    scores = {item.key: item.score for item in read_items(own, metric)}
    return max(abs(scores[item.key] - item.score) for item in read_items(again, metric))
