"""lm-eval's sample logs: which file of a folder is a task's, and the scores in it, one line an item and filter."""

import gzip
import json
import math
import re
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness.compare.design import ScoredRun
from harness.errors import ComparisonError

_GZIP = b"\x1f\x8b"
_HASHES = ("doc_hash", "prompt_hash", "target_hash")
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


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoredItem:
    """One item's score. `key` is lm-eval's hashes of document, prompt and target; `cluster` its label if asked."""

    key: tuple[str, str, str]
    doc_id: int | str
    score: float
    cluster: str | None = None


def read_items(path: Path, metric: str, *, cluster: str | None = None) -> list[ScoredItem]:
    """Return a sample file's items in the file's order.

    `metric` is a field of the samples, if need be with a filter (``exact_match,strict-match``); `cluster` a field
    of the document. Gzip is known by its first bytes. Raises `ComparisonError` for a file that is empty, cut off
    or not lm-eval's, for a score that is not a finite number, and for several filters where none was chosen.
    """
    name, _, chosen = metric.partition(",")
    items: list[ScoredItem] = []
    filters: set[str] = set()
    for number, sample in _lines(path):
        kind = sample.get("filter", "none")
        if chosen and kind != chosen:
            filters.add(kind)
            continue
        filters.add(kind)
        items.append(_item(sample, name, cluster, f"{path}:{number}"))
    _check(path, name, chosen, filters, items)
    return items


def _check(path: Path, name: str, chosen: str, filters: set[str], items: list[ScoredItem]) -> None:
    if not filters:
        raise ComparisonError(f"{path} is empty: the evaluation was cut off; score again or remove the file.")
    if not items:
        raise ComparisonError(f"{path} has no filter {chosen!r}: it has {', '.join(sorted(filters))}.")
    if not chosen and len(filters) > 1:
        options = ", ".join(f"{name},{kind}" for kind in sorted(filters))
        raise ComparisonError(f"{path} scores {name} under several filters: choose one of {options} as the metric.")


def _lines(path: Path) -> Iterator[tuple[int, Mapping[str, Any]]]:
    try:
        with _open(path) as lines:
            for number, line in enumerate(lines, start=1):
                if line.strip():
                    yield number, _sample(line, f"{path}:{number}")
    except EOFError as error:
        raise ComparisonError(f"{path} is a gzip file that was cut off: score again or copy it whole.") from error
    except (OSError, zlib.error) as error:
        raise ComparisonError(f"{path} cannot be read: {error}.") from error


def _open(path: Path) -> Any:
    with path.open("rb") as start:
        magic = start.read(len(_GZIP))
    return gzip.open(path, "rb") if magic == _GZIP else path.open("rb")


def _sample(line: bytes, place: str) -> Mapping[str, Any]:
    try:
        sample = json.loads(line)
    except ValueError as error:
        raise ComparisonError(
            f"{place} is not a whole line of JSON: the file was cut off while it was written; score again."
        ) from error
    if not isinstance(sample, dict) or not all(isinstance(sample.get(name), str) for name in _HASHES):
        raise ComparisonError(
            f"{place} lacks {', '.join(_HASHES)}, by which items are paired: it was not written by "
            "lm_eval --log_samples, or by a version older than 0.4.3."
        )
    return sample


def _item(sample: Mapping[str, Any], metric: str, cluster: str | None, place: str) -> ScoredItem:
    if metric not in sample:
        known = ", ".join(map(str, sample.get("metrics", []))) or "none"
        raise ComparisonError(f"{place} has no metric {metric!r}: it has {known}.")
    value = sample[metric]
    if not isinstance(value, int | float) or not math.isfinite(value):
        raise ComparisonError(f"{place}: {metric} is {value!r}, not a finite number an item: it cannot be compared.")
    document, label = sample.get("doc"), None
    if cluster is not None and isinstance(document, dict) and document.get(cluster) is not None:
        label = str(document[cluster])
    return ScoredItem(
        key=(sample["doc_hash"], sample["prompt_hash"], sample["target_hash"]),
        doc_id=sample.get("doc_id", "?"),
        score=float(value),
        cluster=label,
    )
