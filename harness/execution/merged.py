"""What a spec's `merge` asks for: whether the merged model scores as the adapter does, and how fast both answer.

Everything is done on what was saved, as it would be served: the adapter is loaded onto a fresh base, so that the
check covers saving and loading too, and nothing that training left in the model is timed.
"""

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from harness.compare.sources.lm_eval import read_items
from harness.diagnostics import latency
from harness.errors import RecipeError
from harness.execution.base import load_model, serve
from harness.execution.scoring import score_suite
from harness.execution.unit import CellWork
from harness.methods._base import Adapted
from harness.methods.store import load, merge
from harness.plan.cells import MERGE_CHECK
from harness.records import Evaluation, Measurement, ServingLatency
from harness.sources import models
from harness.spec.records import Recipe

FOLDER = "merge"


@dataclass(frozen=True, slots=True, kw_only=True)
class Merged:
    """What was measured by merging: the check of the scores and the latencies, as far as the spec asks for them."""

    measurements: Mapping[str, Measurement] = field(default_factory=dict)
    latency: ServingLatency | None = None


def measure_merged(work: CellWork, recipe: Recipe, state: Path, evaluations: Sequence[Evaluation]) -> Merged:
    """Return the check and the latencies that the spec asks for.

    `state` is the saved adapter. A method that cannot be merged is recorded with the reason: the check does not
    apply, and there is no merged latency.
    """
    asked = work.experiment.merge
    loaded = load_model(work.experiment.model, quantization=recipe.base_quantization, device=work.device)
    base = loaded.model.eval()
    timed = {"base": latency(base, work.device)} if asked.latency else {}
    adapted = load(base, recipe, state)
    serve(adapted.model, work.experiment.model, work.device)
    if asked.latency:
        timed["adapter"] = latency(adapted.model, work.device)
    merged, reason = _merged(adapted)
    found = {}
    if asked.check:
        subject = None if merged is None else models.Loaded(merged, loaded.tokenizer)
        found[MERGE_CHECK] = _check(work, subject, reason, evaluations)
    if asked.latency and merged is not None:
        timed["merged"] = latency(merged, work.device)
    return Merged(measurements=found, latency=ServingLatency(not_merged=reason, **timed) if asked.latency else None)


def _merged(adapted: Adapted) -> tuple[Any, str | None]:
    """Return the merged model, or None and why there is none."""
    try:
        return merge(adapted).eval(), None
    except RecipeError as error:
        return None, str(error)


def _check(
    work: CellWork, merged: models.Loaded | None, reason: str | None, evaluations: Sequence[Evaluation]
) -> Measurement:
    """Score some items of the first in-domain suite again and compare item by item with the cell's own scores."""
    if merged is None:
        return Measurement(name=MERGE_CHECK, details={"reason": reason})
    asked, suite = work.experiment.merge, work.experiment.suites_of("in_domain")[0]
    folder = work.folder / FOLDER
    again = score_suite(work, suite, folder, merged, part=asked.items)
    own = next(each for each in evaluations if each.task == suite.task)
    largest = _largest_difference(work.folder / own.samples, work.folder / again.samples, suite.metric)
    # Beside the suites' own files these would be taken for another model's.
    shutil.rmtree(folder)
    return Measurement(
        name=MERGE_CHECK,
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


def _largest_difference(own: Path, again: Path, metric: str) -> float:
    scores = {item.key: item.score for item in read_items(own, metric)}
    return max(abs(scores[item.key] - item.score) for item in read_items(again, metric))
