"""lm-eval's sample logs as scores: which file of a folder is a task's, and a score an item and filter."""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness.compare.design import DEFAULT_CLUSTER, ScoredRun
from harness.compare.scored import ScoredItem, ScoredSuite, ScoreFile
from harness.compare.sources._base import ScoreSource, is_finite
from harness.compare.sources.options import MARGIN, TaskFields, option_count, with_margin
from harness.compare.sources.sample_files import SampleFile, sample_files, unnamed_files
from harness.compare.sources.samples import FIELDS, HASHES, NO_FILTER, samples
from harness.compare.sources.settings import block, recorded_items, recorded_score, scoring_settings
from harness.compare.sources.strangers import named_as_what_it_is
from harness.compare.tidy import UNKNOWN_MODEL, Score
from harness.declarations.aggregation import Aggregation, aggregation_in
from harness.declarations.metrics import ACCURACIES
from harness.errors import ComparisonError, NoScoresError

_ITEM = 16
"""Hexadecimal digits of a document's hash that name an item in a table: 64 bits tell a suite's items apart."""
_SHOWN = 3


class LmEvalSource(ScoreSource):
    """What ``lm_eval --log_samples --output_path`` wrote: a folder, searched with its subfolders.

    In a table, a trained model goes by the name of the folder, or of its subfolders where one task lies in several;
    of several sample files of a task in one folder the newest is read. An item is named by the start of lm-eval's hash
    of its document.
    """

    def recognises(self, path: Path) -> bool:
        """Return whether there is a sample file at or below a folder."""
        return path.is_dir() and bool(sample_files(path))

    def read(self, path: Path) -> Iterator[Score]:
        """Yield the scores of every task and metric."""
        files = {(file.path.parent, file.task): file for file in sample_files(path)}
        several = len({task for _, task in files}) < len(files)
        for (folder, task), file in sorted(files.items()):
            recipe = folder.name if several else path.name
            labels = ScoreLabels(model=_model(file.noted()), recipe=recipe, suite=task)
            yield from read_samples(file.path, labels)

    def read_suite(self, run: ScoredRun, task: str, metric: str, *, cluster: str | None, newest: bool) -> ScoredSuite:
        """Return one suite's scores by one metric, with the settings that lm-eval recorded."""
        file = sample_file(run, task, metric, newest=newest)
        items = read_items(file.path, metric, cluster=cluster)
        return ScoredSuite(file=file, items=items, whole=_whole(SampleFile.of(file.path), metric, items))


def sample_file(run: ScoredRun, task: str, metric: str, *, newest: bool) -> ScoreFile:
    """Return the sample file of a task in a run's folder or below.

    Of several files of one folder the newest by the time in its name is taken, and a note says so (`newest`),
    or they are refused. Files in different subfolders are of different models and always refused.
    Raises `ComparisonError` with what the folder does hold.
    """
    if task in run.samples:
        return _with_settings(SampleFile.of(run.samples[task]), task, metric, note=None)
    found = _found(run.folder, task)
    folders = {file.path.parent for file in found}
    if len(folders) > 1:
        raise ComparisonError(
            f"{run.folder} holds samples of {task} in {len(folders)} subfolders "
            f"({', '.join(sorted(folder.name for folder in folders))}): give one folder a seed."
        )
    note = None
    if len(found) > 1:
        note = _newest(run.folder, task, found, newest=newest)
    return _with_settings(found[-1], task, metric, note=note)


def _newest(folder: Path, task: str, found: Sequence[SampleFile], *, newest: bool) -> str:
    """Return the note that the newest of several files is taken; raise where none is to be chosen, or can be."""
    names = ", ".join(file.path.name for file in found)
    if not all(file.time for file in found):
        raise ComparisonError(
            f"{folder} holds {len(found)} sample files of {task} ({names}), and not every name has the time at which "
            "it was written, so that nothing says which is the newest: remove all but one."
        )
    if not newest:
        raise ComparisonError(
            f"{folder} holds {len(found)} sample files of {task} ({names}): "
            "remove all but one, or leave out --all to take the newest."
        )
    return f"{folder} holds {len(found)} sample files of {task}; the newest, {found[-1].path.name}, is taken."


def _found(folder: Path, task: str) -> list[SampleFile]:
    """Return the task's sample files, oldest first; raise with what there is instead when there are none."""
    if not folder.is_dir():
        other = named_as_what_it_is(folder)
        told = other or "Give the folder that lm_eval --output_path wrote to."
        raise ComparisonError(f"{folder} is not a folder. {told}")
    files = sample_files(folder)
    found = [file for file in files if file.task == task]
    if not found:
        raise NoScoresError(f"{folder} has no samples of {task}: {_held(folder, files)}")
    return found


def _held(folder: Path, files: Sequence[SampleFile]) -> str:
    """Return what a folder holds in the place of a task's samples, and what to do."""
    if files:
        tasks = ", ".join(sorted({file.task for file in files}))
        return (
            f"it holds samples of {tasks}. "
            "Run lm_eval with --log_samples and --output_path, a group's subtasks by their own names."
        )
    other, unnamed = named_as_what_it_is(folder), unnamed_files(folder)
    if other is not None:
        return other
    if unnamed:
        names = ", ".join(path.name for path in unnamed[:_SHOWN])
        return (
            f"nothing says of which task {names} is. lm-eval up to 0.4.2 names the tasks in the results.json that it "
            "writes beside; put it there, or call the file samples_TASK.jsonl."
        )
    return (
        "it holds no samples_*.jsonl at all. "
        "Run lm_eval with --log_samples and --output_path, a group's subtasks by their own names."
    )


def _with_settings(file: SampleFile, task: str, metric: str, *, note: str | None) -> ScoreFile:
    results = file.noted()
    better = block(block(results, "higher_is_better"), task).get(metric.partition(",")[0])
    shots = block(results, "n-shot").get(task)
    batch = block(results, "config").get("batch_size")
    dtype = block(results, "config").get("model_dtype")
    version = block(results, "versions").get(task)
    return ScoreFile(
        path=file.path,
        version=None if version is None else str(version),
        shots=shots if isinstance(shots, int) else None,
        batch_size=None if batch is None else str(batch),
        higher_is_better=better if isinstance(better, bool) else None,
        model=_model(results),
        settings=scoring_settings(file, metric),
        dtype=None if dtype is None else str(dtype),
        recorded=recorded_score(file, metric),
        recorded_items=recorded_items(file),
        note=note,
    )


def _model(results: Mapping[str, Any]) -> str:
    """Return the base model that a results file names: what adapters were laid over, else lm-eval's own name."""
    given = block(results, "config").get("model_args")
    if isinstance(given, str):
        given = dict(part.split("=", 1) for part in given.split(",") if "=" in part)
    pretrained = given.get("pretrained") if isinstance(given, dict) else None
    return str(pretrained or results.get("model_name") or UNKNOWN_MODEL)


def _aggregation(file: SampleFile, metric: str) -> Aggregation:
    """Return how a metric's items become its score: as the results file says, else as lm-eval does by default."""
    config = file.noted_of_task("configs")
    return aggregation_in(config if isinstance(config, dict) else {}, metric)


def _whole(file: SampleFile, metric: str, items: Sequence[ScoredItem]) -> str | None:
    """Return how the items make the score where none of them has one. Raises `ComparisonError` where only some have."""
    without = [item for item in items if item.value is not None]
    if not without:
        return None
    if len(without) < len(items):
        first = without[0]
        raise ComparisonError(
            f"{file.path}: {metric} is a number for some items and {first.value!r} for others (doc_id {first.doc_id})."
        )
    return _aggregation(file, metric).name


def read_items(path: Path, metric: str, *, cluster: str | None = None) -> list[ScoredItem]:
    """Return a sample file's items in the file's order.

    `metric` is a field of the samples, if need be with a filter (``exact_match,strict-match``), or ``answer_margin``,
    which is computed from the logged options where a sample lacks it; `cluster` a field of the document. Gzip is known
    by its first bytes. Raises `ComparisonError` for a file that is empty, cut off or not lm-eval's, for a score that is
    not a finite number, and for several filters where none was chosen.
    """
    name, _, chosen = metric.partition(",")
    file = SampleFile.of(path)
    items: list[ScoredItem] = []
    filters: set[str] = set()
    fields = _task_fields(file) if name == MARGIN else None
    made = _aggregation(file, name)
    for number, sample in samples(file):
        filters.add(sample["filter"])
        if chosen and sample["filter"] != chosen:
            continue
        place = f"{path}:{number}"
        scored = sample if fields is None else with_margin(sample, fields, place)
        items.append(_item(scored, name, cluster, place, made))
    _check(path, name, chosen, filters, items)
    return items


def _task_fields(file: SampleFile) -> TaskFields:
    declared = file.noted_of_task("configs") or {}
    return TaskFields(delimiter=declared.get("target_delimiter", ""), target=declared.get("doc_to_target"))


def _check(path: Path, name: str, chosen: str, filters: set[str], items: list[ScoredItem]) -> None:
    if not items:
        raise ComparisonError(f"{path} has no filter {chosen!r}: it has {', '.join(sorted(filters))}.")
    if not chosen and len(filters) > 1:
        options = ", ".join(f"{name},{kind}" for kind in sorted(filters))
        raise ComparisonError(f"{path} scores {name} under several filters: choose one of {options} as the metric.")


def _item(
    sample: Mapping[str, Any], metric: str, cluster: str | None, place: str, aggregation: Aggregation
) -> ScoredItem:
    if metric not in sample or metric in FIELDS:
        known = ", ".join(sample["metrics"]) or "none"
        raise ComparisonError(f"{place} has no metric {metric!r}: it has {known}.")
    doc_hash, prompt_hash, target_hash = (sample[name] for name in HASHES)
    apart = aggregation.takes_apart(sample[metric])
    return ScoredItem(
        key=(doc_hash, prompt_hash, target_hash),
        doc_id=sample.get("doc_id", "?"),
        score=0.0 if apart else _finite(sample[metric], metric, place, aggregation.reason),
        cluster=_cluster(sample, cluster),
        answer=_answer(sample),
        value=sample[metric] if apart else None,
        options=option_count(sample),
        accuracy=_accuracy(sample, metric),
    )


def _accuracy(sample: Mapping[str, Any], metric: str) -> float | None:
    """Return whether the right option was chosen, by the metric where it says so, else by lm-eval's ``acc``."""
    said = sample.get(metric if metric in ACCURACIES else "acc")
    return float(said) if isinstance(said, int | float) else None


def _answer(sample: Mapping[str, Any]) -> str | None:
    """Return a digest of the answers that the model gave, before any filter where they are logged."""
    given = sample.get("resps", sample.get("filtered_resps"))
    return hashlib.sha256(ascii(given).encode()).hexdigest() if given else None


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
    for number, sample in samples(SampleFile.of(path)):
        item, cluster = sample["doc_hash"][:_ITEM], _cluster(sample, labels.cluster)
        for metric in sample["metrics"]:
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
                    metric=metric if sample["filter"] == NO_FILTER else f"{metric},{sample['filter']}",
                    score=_finite(value, metric, f"{path}:{number}"),
                )


def _cluster(sample: Mapping[str, Any], field: str | None) -> str | None:
    document = sample.get("doc")
    if field is None or not isinstance(document, dict) or document.get(field) is None:
        return None
    return str(document[field])


def _finite(value: Any, metric: str, place: str, reason: str = "") -> float:
    if not is_finite(value):
        found = f"{place}: {metric} is {value!r:.80}, not a finite number an item: it cannot be compared."
        raise ComparisonError(f"{found} {reason[0].upper()}{reason[1:]}." if reason else found)
    return float(value)
