"""lm-eval's own result files, written by lm-eval, so that whatever reads its output reads ours."""

import json
import math
import numbers
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness._compat.lm_eval import write_result_files
from harness.errors import HarnessError, StorageError
from harness.storage import refused, why_not


@dataclass(frozen=True, slots=True)
class Files:
    """Where one evaluation's aggregates and per-item scores are."""

    results: Path
    samples: Path


def write_results(
    results: dict[str, Any], samples: Mapping[str, list[Any]], *, task: str, model: str, folder: Path
) -> Files:
    """Write ``results_*.json`` and ``samples_<task>_*.jsonl`` into `folder` through lm-eval's tracker.

    Raises `StorageError` where they do not arrive whole (the tracker logs its errors and goes on).
    """
    stamp = write_result_files(results, samples, task=task, model=model, folder=folder)
    files = Files(folder / f"results_{stamp}.json", folder / f"samples_{task}_{stamp}.jsonl")
    _check(files, items=len(samples[task]))
    return files


def _check(files: Files, *, items: int) -> None:
    try:
        json.loads(files.results.read_text(encoding="utf-8"))
        with files.samples.open(encoding="utf-8") as lines:
            written = sum(1 for line in lines if json.loads(line))
    except (OSError, ValueError) as error:
        raise _incomplete(files, str(error)) from error
    if written != items:
        raise _incomplete(files, f"{written} of {items} items in {files.samples.name}")


def _incomplete(files: Files, reason: str) -> StorageError:
    folder = files.results.parent
    return refused(
        why_not(folder),
        f"{folder}: lm-eval could not write its results there whole: {reason}. The log holds lm-eval's own message.",
    )


def task_metrics(results: Mapping[str, Any], task: str) -> dict[str, float]:
    """Return the task's aggregates by lm-eval's keys (``acc,none``), standard errors left out.

    Raises `HarnessError` for a score that is not finite.
    """
    scores = {
        key: float(value)
        for key, value in results["results"][task].items()
        if "," in key and not key.split(",")[0].endswith("_stderr") and isinstance(value, numbers.Real)
    }
    bad = {key: value for key, value in scores.items() if not math.isfinite(value)}
    if bad:
        raise HarnessError(
            f"task {task}: scores are not finite: {bad}. The model's outputs overflow or are NaN; "
            "look at its training, and at its dtype where that is float16."
        )
    return scores
