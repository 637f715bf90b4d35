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

from harness.compare.design import DEFAULT_CLUSTER, ScoredRun
from harness.compare.sources._base import ScoredItem, ScoredSuite, ScoreFile, ScoreSource
from harness.compare.sources.options import MARGIN, TaskFields, with_margin
from harness.compare.tidy import UNKNOWN_MODEL, Score
from harness.errors import ComparisonError

_GZIP = b"\x1f\x8b"
_HASHES = ("doc_hash", "prompt_hash", "target_hash")
_SAMPLES = re.compile(r"samples_(?P<task>.+)_(?P<time>\d{4}-\d\d-\d\dT\d\d-\d\d-\d\d(\.\d+)?)\.jsonl(\.gz)?")
_ITEM = 16
"""Hexadecimal digits of a document's hash that name an item in a table: 64 bits tell a suite's items apart."""


class LmEvalSource(ScoreSource):
    """What ``lm_eval --log_samples --output_path`` wrote: a folder, searched with its subfolders.

    In a table, a trained model goes by the name of the folder, or of its subfolders where one task lies in several;
    of several sample files of a task in one folder the newest is read. An item is named by the start of lm-eval's hash
    of its document.
    """

    def recognises(self, path: Path) -> bool:
        """Return whether there is a sample file at or below a folder."""
        return any(_SAMPLES.fullmatch(found.name) for found in path.rglob("samples_*")) if path.is_dir() else False

    def read(self, path: Path) -> Iterator[Score]:
        """Yield the scores of every task and metric."""
        files = {(file.parent, match["task"]): file for match, file in _sample_files(path)}
        several = len({task for _, task in files}) < len(files)
        for (folder, task), file in sorted(files.items()):
            recipe = folder.name if several else path.name
            labels = ScoreLabels(model=_model(_results_beside(file)), recipe=recipe, suite=task)
            yield from read_samples(file, labels)

    def read_suite(self, run: ScoredRun, task: str, metric: str, *, cluster: str | None, newest: bool) -> ScoredSuite:
        """Return one suite's scores by one metric, with the settings that lm-eval recorded."""
        file = sample_file(run, task, metric, newest=newest)
        return ScoredSuite(file=file, items=read_items(file.path, metric, cluster=cluster))


def sample_file(run: ScoredRun, task: str, metric: str, *, newest: bool) -> ScoreFile:
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
    names = _sample_files(folder)
    found = [path for match, path in names if match["task"] == task]
    if not found:
        tasks = sorted({match["task"] for match, _ in names})
        holds = f"it holds samples of {', '.join(tasks)}" if tasks else "it holds no samples_*.jsonl at all"
        raise ComparisonError(
            f"{folder} has no samples of {task}: {holds}. "
            "Run lm_eval with --log_samples and --output_path, a group's subtasks by their own names."
        )
    return found


def _sample_files(folder: Path) -> list[tuple[re.Match[str], Path]]:
    """Return the sample files at or below a folder with what their names say, oldest first."""
    named = [(match, path) for path in folder.rglob("samples_*") if (match := _SAMPLES.fullmatch(path.name))]
    return sorted(named, key=lambda each: (each[0]["time"], each[1]))


def _with_settings(path: Path, task: str, metric: str, *, note: str | None) -> ScoreFile:
    results = _results_beside(path)
    better = results.get("higher_is_better", {}).get(task, {}).get(metric.partition(",")[0])
    shots = results.get("n-shot", {}).get(task)
    batch = results.get("config", {}).get("batch_size")
    version = results.get("versions", {}).get(task)
    return ScoreFile(
        path=path,
        version=None if version is None else str(version),
        shots=shots if isinstance(shots, int) else None,
        batch_size=None if batch is None else str(batch),
        higher_is_better=better if isinstance(better, bool) else None,
        model=_model(results),
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


def _model(results: Mapping[str, Any]) -> str:
    """Return the base model that a results file names: what adapters were laid over, else lm-eval's own name."""
    given = results.get("config", {}).get("model_args")
    if isinstance(given, str):
        given = dict(part.split("=", 1) for part in given.split(",") if "=" in part)
    pretrained = given.get("pretrained") if isinstance(given, dict) else None
    return str(pretrained or results.get("model_name") or UNKNOWN_MODEL)


def read_items(path: Path, metric: str, *, cluster: str | None = None) -> list[ScoredItem]:
    """Return a sample file's items in the file's order.

    `metric` is a field of the samples, if need be with a filter (``exact_match,strict-match``), or ``answer_margin``,
    which is computed from the logged options where a sample lacks it; `cluster` a field of the document. Gzip is known
    by its first bytes. Raises `ComparisonError` for a file that is empty, cut off or not lm-eval's, for a score that is
    not a finite number, and for several filters where none was chosen.
    """
    name, _, chosen = metric.partition(",")
    items: list[ScoredItem] = []
    filters: set[str] = set()
    fields = _task_fields(path) if name == MARGIN else None
    for number, sample in _lines(path):
        kind = sample.get("filter", "none")
        if chosen and kind != chosen:
            filters.add(kind)
            continue
        filters.add(kind)
        scored = sample if fields is None else with_margin(sample, fields, f"{path}:{number}")
        items.append(_item(scored, name, cluster, path, number))
    _check(path, name, chosen, filters, items)
    return items


def _task_fields(path: Path) -> TaskFields:
    match = _SAMPLES.fullmatch(path.name)
    declared = _results_beside(path).get("configs", {}).get(match["task"], {}) if match else {}
    return TaskFields(delimiter=declared.get("target_delimiter", ""), target=declared.get("doc_to_target"))


def _check(path: Path, name: str, chosen: str, filters: set[str], items: list[ScoredItem]) -> None:
    if not filters:
        raise ComparisonError(f"{path} is empty: the evaluation was cut off; score again or remove the file.")
    if not items:
        raise ComparisonError(f"{path} has no filter {chosen!r}: it has {', '.join(sorted(filters))}.")
    if not chosen and len(filters) > 1:
        options = ", ".join(f"{name},{kind}" for kind in sorted(filters))
        raise ComparisonError(f"{path} scores {name} under several filters: choose one of {options} as the metric.")


def _item(sample: Mapping[str, Any], metric: str, cluster: str | None, path: Path, number: int) -> ScoredItem:
    if metric not in sample:
        known = ", ".join(map(str, sample.get("metrics", []))) or "none"
        raise ComparisonError(f"{path}:{number} has no metric {metric!r}: it has {known}.")
    return ScoredItem(
        key=(sample["doc_hash"], sample["prompt_hash"], sample["target_hash"]),
        doc_id=sample.get("doc_id", "?"),
        score=_finite(sample[metric], metric, path, number),
        cluster=_cluster(sample, cluster),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoreLabels:
    """What a file's scores share in a table; `cluster` is the document's field, None for no clusters."""

    model: str
    recipe: str
    suite: str
    seed: int | None = None
    role: str | None = None
    cluster: str | None = DEFAULT_CLUSTER


def read_samples(path: Path, labels: ScoreLabels) -> Iterator[Score]:
    """Yield the scores in a sample file by every metric that has a number an item.

    Raises `ComparisonError` for a file that is empty, cut off or not lm-eval's, and for a number that is not finite.
    """
    empty = True
    for number, sample in _lines(path):
        empty = False
        item, cluster = sample["doc_hash"][:_ITEM], _cluster(sample, labels.cluster)
        kind = sample.get("filter", "none")
        for metric in sample.get("metrics", ()):
            value = sample.get(metric)
            if isinstance(value, int | float):
                yield Score(
                    model=labels.model,
                    recipe=labels.recipe,
                    seed=labels.seed,
                    suite=labels.suite,
                    role=labels.role,
                    item=item,
                    cluster=cluster,
                    metric=metric if kind == "none" else f"{metric},{kind}",
                    score=_finite(value, metric, path, number),
                )
    if empty:
        raise ComparisonError(f"{path} is empty: the evaluation was cut off; score again or remove the file.")


def _cluster(sample: Mapping[str, Any], field: str | None) -> str | None:
    document = sample.get("doc")
    if field is None or not isinstance(document, dict) or document.get(field) is None:
        return None
    return str(document[field])


def _finite(value: Any, metric: str, path: Path, number: int) -> float:
    if not isinstance(value, int | float) or not math.isfinite(value):
        raise ComparisonError(
            f"{path}:{number}: {metric} is {value!r}, not a finite number an item: it cannot be compared."
        )
    return float(value)


def _lines(path: Path) -> Iterator[tuple[int, Mapping[str, Any]]]:
    try:
        with _open(path) as lines:
            for number, line in enumerate(lines, start=1):
                if line.strip():
                    yield number, _sample(line, path, number)
    except EOFError as error:
        raise ComparisonError(f"{path} is a gzip file that was cut off: score again or copy it whole.") from error
    except (OSError, zlib.error) as error:
        raise ComparisonError(f"{path} cannot be read: {error}.") from error


def _open(path: Path) -> Any:
    with path.open("rb") as start:
        magic = start.read(len(_GZIP))
    return gzip.open(path, "rb") if magic == _GZIP else path.open("rb")


def _sample(line: bytes, path: Path, number: int) -> Mapping[str, Any]:
    try:
        sample = json.loads(line)
    except ValueError as error:
        raise ComparisonError(
            f"{path}:{number} is not a whole line of JSON: the file was cut off while it was written; score again."
        ) from error
    if not isinstance(sample, dict) or not all(isinstance(sample.get(name), str) for name in _HASHES):
        raise ComparisonError(
            f"{path}:{number} lacks {', '.join(_HASHES)}, by which items are paired: it was not written by "
            "lm_eval --log_samples, or by a version older than 0.4.3."
        )
    return sample
