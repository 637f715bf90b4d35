"""Records of Every Eval Ever: its instance-level JSON lines, with the aggregate record beside them.

The format is that of its schemas, version 0.3 (https://github.com/evaleval/every_eval_ever). Its own package is not
used: it needs Python 3.12 and a `huggingface_hub` below 2. What is read of a line is held against a schema of ours.
"""

import json
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

from jsonschema import Draft202012Validator

from harness.compare.design import ScoredRun
from harness.compare.scored import ScoredSuite
from harness.compare.sources._base import ScoreSource, is_finite
from harness.compare.tidy import Score
from harness.errors import ComparisonError
from harness.paths import read_record

_TEXT = {"type": "string", "minLength": 1}
_SCHEMA = {
    "type": "object",
    "required": ["schema_version", "evaluation_id", "model_id", "evaluation_name", "sample_id", "evaluation"],
    "properties": {
        **dict.fromkeys(("schema_version", "evaluation_id", "model_id", "evaluation_name", "sample_id"), _TEXT),
        "evaluation_result_id": {"type": ["string", "null"]},
        "sample_hash": {"type": ["string", "null"]},
        "error": {"type": ["string", "null"]},
        "metadata": {"type": ["object", "null"]},
        "evaluation": {"type": "object", "required": ["score"], "properties": {"score": {"type": "number"}}},
    },
}
_LINE = Draft202012Validator(_SCHEMA)
UNNAMED_METRIC = "score"
"""The metric of lines that no aggregate record tells one of."""


class _Metric(NamedTuple):
    name: str
    higher_is_better: bool


class EveryEvalEverSource(ScoreSource):
    """Instance-level records at or below a path, one trained model's in a folder.

    A suite is an `evaluation_name`. The metric, its direction and what it is called are the aggregate record's, which
    names the result by `evaluation_result_id` or has one result alone of that name; without it lines have ``score``.
    """

    def recognises(self, path: Path) -> bool:
        """Return whether there are instance-level records at or below a path."""
        with suppress(OSError):
            return next(_files(path), None) is not None
        return False

    def read(self, path: Path) -> Iterator[Score]:
        """Yield every line's score. Raises `ComparisonError` with file and line where it is not as its schema says."""
        metrics = _metrics(path)
        for file in _files(path):
            for number, line in _lines(file):
                yield _score(line, metrics, path.name, f"{file}:{number}")

    def read_suite(self, run: ScoredRun, task: str, metric: str, *, cluster: str | None, newest: bool) -> ScoredSuite:
        """Return one suite's scores with the direction that the aggregate record states."""
        found = super().read_suite(run, task, metric, cluster=cluster, newest=newest)
        directions = {each.higher_is_better for each in _metrics(run.folder).values() if each.name == metric}
        if len(directions) != 1:
            return found
        return replace(found, file=replace(found.file, higher_is_better=directions.pop()))


def _files(path: Path) -> Iterator[Path]:
    candidates = [path] if path.is_file() else sorted(path.rglob("*.jsonl"))
    return (file for file in candidates if file.suffix == ".jsonl" and file.is_file() and _is_instances(file))


def _is_instances(file: Path) -> bool:
    with suppress(OSError, ValueError, RecursionError), file.open(encoding="utf-8") as lines:
        first = json.loads(next(lines, "null"))
        return isinstance(first, dict) and {"schema_version", "evaluation_id", "sample_id"} <= first.keys()
    return False


def _lines(file: Path) -> Iterator[tuple[int, Mapping[str, Any]]]:
    with file.open(encoding="utf-8") as lines:
        for number, text in enumerate(lines, 1):
            try:
                line = json.loads(text)
            except ValueError as error:
                raise ComparisonError(
                    f"{file}:{number} is not JSON ({error}): the file was cut off or damaged."
                ) from error
            problem = next(_LINE.iter_errors(line), None)
            if problem is not None:
                raise ComparisonError(
                    f"{file}:{number}: {problem.json_path}: {problem.message}; this is no instance-level record of "
                    "Every Eval Ever."
                )
            yield number, line


def _score(line: Mapping[str, Any], metrics: Mapping[str, _Metric], recipe: str, where: str) -> Score:
    value = line["evaluation"]["score"]
    if not is_finite(value):
        raise ComparisonError(f"{where}: the score {value!r:.80} is not a finite number.")
    if line.get("error"):
        raise ComparisonError(f"{where}: {line['sample_id']} was not scored: {line['error']}")
    suite = line["evaluation_name"]
    metric = metrics.get(line.get("evaluation_result_id") or "") or metrics.get(f"{line['evaluation_id']} {suite}")
    cluster = (line.get("metadata") or {}).get("cluster")
    return Score(
        model=line["model_id"],
        recipe=recipe,
        seed=None,
        suite=suite,
        role=None,
        item=line["sample_id"],
        cluster=None if cluster is None else str(cluster),
        metric=UNNAMED_METRIC if metric is None else metric.name,
        score=float(value),
    )


def _metrics(path: Path) -> dict[str, _Metric]:
    """Return the metrics of aggregate records, by result and, where a name has one result, by evaluation and name."""
    root = path.parent if path.is_file() else path
    found: dict[str, _Metric] = {}
    for file in sorted(root.rglob("*.json")):
        with suppress(OSError, ValueError, RecursionError, KeyError, TypeError):
            record = read_record(file)
            results = record["evaluation_results"]
            names = [result["evaluation_name"] for result in results]
            for name, result in zip(names, results, strict=True):
                config = result["metric_config"]
                known = config.get("metric_id") or config.get("metric_name") or UNNAMED_METRIC
                metric = _Metric(known, not config["lower_is_better"])
                if identifier := result.get("evaluation_result_id"):
                    found[identifier] = metric
                if names.count(name) == 1:
                    found[f"{record['evaluation_id']} {name}"] = metric
    return found
