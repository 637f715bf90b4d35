"""Where lm-eval put its samples, and which of several files of a task is meant."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness.compare.design import ScoredRun
from harness.errors import ComparisonError

_SAMPLES = re.compile(r"samples_(?P<task>.+)_(?P<time>\d{4}-\d\d-\d\dT\d\d-\d\d-\d\d(\.\d+)?)\.jsonl(\.gz)?")


@dataclass(frozen=True, slots=True, kw_only=True)
class SampleFile:
    """A sample file with the settings that the results file of the same moment records, where there is one."""

    path: Path
    version: str | None = None
    shots: int | None = None
    batch_size: str | None = None
    higher_is_better: bool | None = None
    note: str | None = None


def sample_file(run: ScoredRun, task: str, metric: str, *, newest: bool) -> SampleFile:
    """Return the sample file of a task in a run's folder or below.

    Of several files of one folder the newest by the time in its name is taken, and a note says so (`newest`),
    or they are refused. Files in different subfolders are of different models and always refused.
    Raises `ComparisonError` with what the folder does hold.
    """
    if task in run.samples:
        return _with_settings(run.samples[task], task, metric, note=None)
    found = _found(run.folder, task)
    folders = {path.parent for path in found}
    if len(folders) > 1:
        raise ComparisonError(
            f"{run.folder} holds samples of {task} in {len(folders)} subfolders "
            f"({', '.join(sorted(folder.name for folder in folders))}): give one folder a seed."
        )
    note = None
    if len(found) > 1:
        note = f"{run.folder} holds {len(found)} sample files of {task}; the newest, {found[-1].name}, is taken."
        if not newest:
            raise ComparisonError(
                f"{run.folder} holds {len(found)} sample files of {task} ({', '.join(p.name for p in found)}): "
                "remove all but one, or leave out --all to take the newest."
            )
    return _with_settings(found[-1], task, metric, note=note)


def _found(folder: Path, task: str) -> list[Path]:
    """Return the task's sample files, oldest first; raise with what there is instead when there are none."""
    if not folder.is_dir():
        raise ComparisonError(f"{folder} is not a folder: give the folder that lm_eval --output_path wrote to.")
    names = [(match, path) for path in folder.rglob("samples_*") if (match := _SAMPLES.fullmatch(path.name))]
    found = [(match["time"], path) for match, path in names if match["task"] == task]
    if not found:
        tasks = sorted({match["task"] for match, _ in names})
        holds = f"it holds samples of {', '.join(tasks)}" if tasks else "it holds no samples_*.jsonl at all"
        raise ComparisonError(
            f"{folder} has no samples of {task}: {holds}. "
            "Run lm_eval with --log_samples and --output_path, a group's subtasks by their own names."
        )
    return [path for _, path in sorted(found)]


def _with_settings(path: Path, task: str, metric: str, *, note: str | None) -> SampleFile:
    results = _results_beside(path)
    better = results.get("higher_is_better", {}).get(task, {}).get(metric.partition(",")[0])
    shots = results.get("n-shot", {}).get(task)
    batch = results.get("config", {}).get("batch_size")
    version = results.get("versions", {}).get(task)
    return SampleFile(
        path=path,
        version=None if version is None else str(version),
        shots=shots if isinstance(shots, int) else None,
        batch_size=None if batch is None else str(batch),
        higher_is_better=better if isinstance(better, bool) else None,
        note=note,
    )


def _results_beside(path: Path) -> Mapping[str, Any]:
    match = _SAMPLES.fullmatch(path.name)
    beside = sorted(path.parent.glob(f"*_{match['time']}.json")) if match else []
    if not beside:
        return {}
    try:
        results: Mapping[str, Any] = json.loads(beside[0].read_text(encoding="utf-8"))
    except ValueError as error:
        raise ComparisonError(f"{beside[0]} is not whole JSON ({error}): remove it or score again.") from error
    return results
