"""The contract of a source of scores, which a third party's package may keep too."""

import sys
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TypeGuard

from harness.compare.design import ScoredRun
from harness.compare.scored import ScoredItem, ScoredSuite, ScoreFile
from harness.compare.tidy import Score
from harness.errors import ComparisonError, NoScoresError

_SHOWN = 3


def is_finite(value: object) -> TypeGuard[float]:
    """Tell whether a value that was read is a number that a float can hold.

    NaN is no less than anything, and a whole number of JSON may be larger than a float can be.
    """
    return isinstance(value, int | float) and abs(value) <= sys.float_info.max


class ScoreSource(ABC):
    """Where scores come from: one format of logs or tables, recognised by what lies at a path.

    Ownership: a source is made without arguments whenever it is asked something, keeps nothing between two calls, and
    leaves what it returns to the caller. It opens files for reading only. Concurrency: several processes may read one
    path at once, and a path may still be written by the program that logs there. Determinism: the same files give the
    same scores in the same order.

    Errors: `recognises` raises nothing, whatever lies at the path. The others raise `ComparisonError` with file and
    line for what is damaged, and for a score that is not finite: what cannot be read is never left out in silence.
    """

    @abstractmethod
    def recognises(self, path: Path) -> bool:
        """Return whether `path`, a file or a folder that may not be there, holds scores in this format."""

    @abstractmethod
    def read(self, path: Path) -> Iterator[Score]:
        """Yield all scores at a path that it recognises."""

    def read_suite(
        self,
        run: ScoredRun,
        task: str,
        metric: str,
        *,
        cluster: str | None,
        newest: bool,  # noqa: ARG002 - there is one evaluation of a task in a table
    ) -> ScoredSuite:
        """Return one suite's scores of one trained model, as the comparator pairs them.

        `cluster` names the field of the document that items depend on each other by, None asks for no clusters;
        `newest` lets a source choose between several evaluations of the task, which it must refuse otherwise. Unless a
        source knows better, all of its scores are read, the items pair by their names, there is one kind of cluster,
        and nothing is known of how the scores were made.
        """
        return suite_of(run.folder, list(self.read(run.folder)), task, metric, cluster=cluster)


def suite_of(path: Path, everything: Sequence[Score], task: str, metric: str, *, cluster: str | None) -> ScoredSuite:
    """Return one suite's among all scores at a path. Raises `ComparisonError` where it or the metric is not there."""
    _check_one_model(path, everything)
    found = [each for each in everything if each.suite == task]
    metrics = sorted({each.metric for each in found})
    if not found:
        tasks = ", ".join(sorted({each.suite for each in everything})) or "none at all"
        raise NoScoresError(f"{path} has no scores of {task}: it has {tasks}.")
    if metric not in metrics:
        raise ComparisonError(f"{path} has no metric {metric!r} of {task}: it has {', '.join(metrics)}.")
    items = [
        ScoredItem(
            key=(each.item, "", ""),
            doc_id=each.item,
            score=each.score,
            cluster=None if cluster is None else each.cluster,
        )
        for each in found
        if each.metric == metric
    ]
    return ScoredSuite(file=ScoreFile(path=path, model=found[0].model), items=items)


def _check_one_model(path: Path, scores: Iterable[Score]) -> None:
    """Refuse scores of several trained models, which only their own table can tell apart."""
    models = sorted({f"{each.recipe} seed {each.seed}" for each in scores})
    if len(models) > 1:
        shown = ", ".join(models[:_SHOWN]) + (", …" if len(models) > _SHOWN else "")
        raise ComparisonError(f"{path} holds scores of {len(models)} trained models ({shown}): give one path a seed.")
