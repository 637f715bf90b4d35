"""Where scores come from, run folders, tables, anyone's logs: sources behind one contract.

A plug-in of the group ``harness.score_sources`` is asked after our own whether it recognises a path.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from harness.compare.design import ScoredRun
from harness.compare.scored import Key, ScoredItem, ScoredSuite, ScoreFile
from harness.compare.sources._base import ScoreSource
from harness.compare.sources.every_eval_ever import EveryEvalEverSource
from harness.compare.sources.inspect_log import InspectSource
from harness.compare.sources.lm_eval import LmEvalSource
from harness.compare.sources.run_folder import RunFolderSource
from harness.compare.sources.strangers import named_as_what_it_is
from harness.compare.sources.table import TableSource
from harness.compare.tidy import Score
from harness.errors import ComparisonError, NoScoresError, PluginError
from harness.registry import Plugin, plugins
from harness.shelf import Shelf

__all__ = [
    "Key",
    "ScoreFile",
    "ScoreSource",
    "ScoredItem",
    "ScoredSuite",
    "read_once",
    "read_scored_suite",
    "read_tidy",
    "score_source",
]


_OURS = ("lm-eval's sample logs", "run folders", "tables of scores", "Every Eval Ever's records", "Inspect's logs")


_shelf: Shelf[tuple[Path, Path | None, str, str, str | None, bool], ScoredSuite] = Shelf("suites that were read")


def read_tidy(path: Path) -> Iterator[Score]:
    """Yield all scores at a path, a file or a folder.

    Raises `ComparisonError` where no source recognises it, and with file and line for what is damaged.
    """
    source = score_source(path)
    if source is None:
        known = ", ".join([*_OURS, *map(str, plugins("score_sources").values())])
        other = named_as_what_it_is(path)
        raise ComparisonError(other or f"{path} holds no scores in a format that is known: {known}.")
    return source.read(path)


def read_scored_suite(run: ScoredRun, task: str, metric: str, *, cluster: str | None, newest: bool) -> ScoredSuite:
    """Return one suite's scores of one trained model; see `ScoreSource.read_suite`."""
    if run.scores is not None:
        return _read_already(run, task, metric)
    place = run.folder, run.samples.get(task), task, metric, cluster, newest
    return _shelf.get(place, lambda: _read(run, task, metric, cluster=cluster, newest=newest))


@contextmanager
def read_once() -> Iterator[None]:
    """Read each suite of a trained model once while the block runs, in which nothing of it may change.

    For judging that asks for the same scores in several families of comparisons: all items are kept in memory.
    """
    with _shelf.open():
        yield


def _read(run: ScoredRun, task: str, metric: str, *, cluster: str | None, newest: bool) -> ScoredSuite:
    # What no source recognises lm-eval's refuses best: it says what it looked for and what it found.
    source = None if run.samples else score_source(run.folder)
    return (source or LmEvalSource()).read_suite(run, task, metric, cluster=cluster, newest=newest)


def _read_already(run: ScoredRun, task: str, metric: str) -> ScoredSuite:
    scores = run.scores or {}
    if (task, metric) not in scores:
        known = ", ".join(f"{name} by {by}" for name, by in scores) or "none at all"
        raise NoScoresError(f"{run.folder} has no scores of {task} by {metric}: it has {known}.")
    return scores[task, metric]


def score_source(path: Path) -> ScoreSource | None:
    """Return the first source that recognises a path, made anew; None where none does.

    Raises `PluginError` for a third party's source that does not keep the contract.
    """
    for source in (RunFolderSource(), LmEvalSource(), TableSource(), EveryEvalEverSource(), InspectSource()):
        if source.recognises(path):
            return source
    third = map(_load, plugins("score_sources").values())
    return next((source for source in third if source.recognises(path)), None)


def _load(plugin: Plugin) -> ScoreSource:
    target = plugin.load()
    if not (isinstance(target, type) and issubclass(target, ScoreSource)):
        raise PluginError(f"{plugin} is not a subclass of harness.compare.sources.ScoreSource: {target!r}.")
    if target.__abstractmethods__:
        raise PluginError(f"{plugin} lacks the method {' and '.join(sorted(target.__abstractmethods__))}.")
    return target()
