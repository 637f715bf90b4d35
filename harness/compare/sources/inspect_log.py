"""Logs of Inspect, read by Inspect's own reader: every sample's score by every scorer."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from statistics import fmean
from typing import Any

from harness.compare.design import ScoredRun
from harness.compare.scored import ScoredSuite
from harness.compare.sources._base import ScoreSource, is_finite, suite_of
from harness.compare.tidy import Score
from harness.errors import ComparisonError
from harness.extras import require
from harness.paths import read_record
from harness.text import several

GRADES = {"C": 1.0, "P": 0.5, "I": 0.0, "N": 0.0}
"""Inspect's letters: correct, partially correct, incorrect, no answer."""

_SHOWN = 3


class InspectSource(ScoreSource):
    """``.eval`` and ``.json`` logs of ``inspect eval``, one trained model's in a folder; needs the extra `interchange`.

    A sample's score is the mean of its epochs, a metric the scorer's name: ``match``, or ``judge/fluency`` where a
    score has several values. Of several logs of one task the newest is taken.
    """

    def recognises(self, path: Path) -> bool:
        """Return whether there is a log of Inspect's at or below a path."""
        with suppress(OSError):
            return next(_logs(path), None) is not None
        return False

    def read(self, path: Path) -> Iterator[Score]:
        """Yield the scores of every task, sample and scorer."""
        yield from _scores_of(_read(path), path.name)

    def read_suite(self, run: ScoredRun, task: str, metric: str, *, cluster: str | None, newest: bool) -> ScoredSuite:
        """Return one suite's scores; several logs of it are refused unless the `newest` may be taken."""
        logs = _read(run.folder)
        found = [log.location for log in logs if log.eval.task == task]
        if not newest and len(found) > 1:
            raise ComparisonError(f"{run.folder} has {len(found)} logs of {task}: {several(found, _SHOWN)}.")
        return suite_of(run.folder, list(_scores_of(logs, run.folder.name)), task, metric, cluster=cluster)


def is_inspect_json(path: Path) -> bool:
    """Return whether a JSON file is a log of Inspect's. Raises nothing."""
    with suppress(OSError, ValueError, RecursionError):
        content = read_record(path)
        if isinstance(content, dict):
            return "status" in content and isinstance(content.get("eval"), dict) and "task" in content["eval"]
    return False


def _logs(path: Path) -> Iterator[Path]:
    files = [path] if path.is_file() else sorted(path.rglob("*"))
    for file in files:
        if (file.suffix == ".eval" and file.is_file()) or (file.suffix == ".json" and is_inspect_json(file)):
            yield file


def _read(path: Path) -> list[Any]:
    """Return all logs at a path. Raises `ComparisonError` for one that is damaged or did not end well."""
    require("interchange", "reading a log of Inspect")
    from inspect_ai.log import read_eval_log

    found = []
    for file in _logs(path):
        try:
            log = read_eval_log(str(file))
        except Exception as error:  # a zip, JSON or pydantic error: whatever Inspect's reader says of it
            raise ComparisonError(f"{file} cannot be read as a log of Inspect: {error}") from error
        if log.status != "success":
            raise ComparisonError(f"{file}: the evaluation ended with {log.status!r}; take a log that was finished.")
        found.append(log)
    return found


def _scores_of(logs: Sequence[Any], recipe: str) -> Iterator[Score]:
    """Yield the scores of the newest log of each task."""
    newest = {log.eval.task: log for log in sorted(logs, key=lambda log: str(log.eval.created))}
    for task, log in sorted(newest.items()):
        yield from _scores(log, task, recipe)


def _scores(log: Any, task: str, recipe: str) -> Iterator[Score]:
    epochs: dict[tuple[str, str], list[float]] = defaultdict(list)
    clusters: dict[str, str | None] = {}
    for sample in log.samples or ():
        item = str(sample.id)
        cluster = (sample.metadata or {}).get("cluster")
        clusters[item] = None if cluster is None else str(cluster)
        for scorer, score in (sample.scores or {}).items():
            values = score.value if isinstance(score.value, dict) else {"": score.value}
            for name, value in values.items():
                metric = f"{scorer}/{name}" if name else scorer
                epochs[item, metric].append(_number(value, f"{log.location}: sample {item}, {metric}"))
    if not epochs:
        raise ComparisonError(f"{log.location} has no scores of samples.")
    for (item, metric), numbers in epochs.items():
        yield Score(
            model=log.eval.model,
            recipe=recipe,
            seed=None,
            suite=task,
            role=None,
            item=item,
            cluster=clusters[item],
            metric=metric,
            score=_mean(numbers),
        )


def _mean(values: Sequence[float]) -> float:
    return values[0] if len(values) == 1 else fmean(values)


def _number(value: Any, where: str) -> float:
    """Return a value as a number. Raises `ComparisonError` for a text that is no grade, and for what is not finite."""
    number = GRADES.get(value) if isinstance(value, str) else value
    if not is_finite(number):
        raise ComparisonError(f"{where}: {value!r} is not a finite number or one of {', '.join(GRADES)}.")
    return float(number)
