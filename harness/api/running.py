"""Runs: made and continued, opened again, told; and one model scored as a cell is."""

import contextlib
import tempfile
from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Unpack

from harness.api.declaring import Changes, PathLike, experiment_of, original_of
from harness.errors import FAILURE_KINDS, FailureKind, UsageError
from harness.extras import require
from harness.paths import cache_root
from harness.records import Evaluation
from harness.runs import Run, conclude
from harness.spec.records import EvaluationOptions, Experiment, Suite
from harness.storage import refusals_told

if TYPE_CHECKING:
    from harness.execution.reproduction import Original
    from harness.execution.selection import Selection
    from harness.execution.watcher import Watcher


def run(
    spec: PathLike | Experiment,
    *,
    out: PathLike | None = None,
    retry_failed: bool | Collection[FailureKind] = False,
    repair: bool = False,
    go_on: bool = False,
    cells: Sequence[str] = (),
    units: int | None = None,
    watcher: "Watcher | None" = None,
    locked: "PathLike | Original | None" = None,
    **changes: Unpack[Changes],
) -> Run:
    """Train, score and compare; return the run. The same call continues a run that was cut off and repeats nothing.

    The run folder is `out`, or one named after the experiment below ``runs/``. Cells that failed are outcomes among
    the others' results and are left alone unless `retry_failed`, which may be the kinds of failure to try again. A
    run that stopped at one of its looks stays stopped unless it is to `go_on`. Files of an earlier start that are
    damaged are made again with `repair`, and otherwise named in a `DamagedError`. `watcher` is called with what
    happens. With `locked`, a lock file that `load_locked` read the experiment of, the run is held to it: what must
    agree and does not is a `LedgerError`, what may differ is said in the lock and the report.

    Several processes may call this with one folder and one experiment: they share the cells. A process that is to do a
    part names `cells` (ids of trials or cells, which come with what they wait for), or says how many `units` it takes
    at most of those that nobody has, and waits for those in others' hands; `Run.part` then says what came of it. Who
    finds that all have ended judges.

    Needs the extra `run`. Raises `HarnessError` where nothing can be run: model or data cannot be had, the folder holds
    a run of other data, or another process is at work in it that wants something else; `UsageError` for a part that
    there is not; and `StorageError` for what the disk refuses.
    """
    require("run", "harness.run")
    experiment = experiment_of(spec, changes)

    from harness.execution.run import Options, execute
    from harness.execution.selection import Selection
    from harness.execution.watcher import Unwatched
    from harness.ledger.presence import at_work

    part = _part(cells, units)
    options = Options(
        retry=_kinds_retried(retry_failed),
        go_on=go_on,
        repair=repair,
        original=None if locked is None else original_of(locked),
        selection=part or Selection(),
    )
    folder = run_folder(experiment, out)
    with refusals_told(folder, cache_root()), at_work(folder, experiment, go_on=go_on):
        done = execute(experiment, folder, watcher or Unwatched(), options)
        finished = Run(done.folder, part=part, judged=options.selection.verdicts)
        if part is None or part.whole:
            conclude(finished).save(anew=False)
    return finished


def _part(cells: Sequence[str], units: int | None) -> "Selection | None":
    """Return the part of a run that is asked for, None for all of it. Raises `UsageError` for what is none."""
    from harness.execution.selection import Selection

    if isinstance(cells, str) or (cells and units is not None) or (units is not None and units < 1):
        raise UsageError(
            f"cells={cells!r}, units={units}: give a list of ids, or a number of units from 1 on, not both."
        )
    return Selection(cells=tuple(cells), count=units) if cells or units is not None else None


def _kinds_retried(asked: bool | Collection[FailureKind]) -> frozenset[FailureKind]:  # noqa: FBT001 - as `run` takes it
    """Return the kinds of failure that are tried again. Raises `UsageError` for what is none."""
    if isinstance(asked, bool):
        return frozenset(FAILURE_KINDS if asked else ())
    wrong = set([asked] if isinstance(asked, str) else asked).difference(FAILURE_KINDS)
    if wrong or isinstance(asked, str):
        raise UsageError(f"retry_failed={asked!r}: give True, or a list of {', '.join(FAILURE_KINDS)}.")
    return frozenset(asked)


def run_folder(experiment: Experiment, out: PathLike | None = None) -> Path:
    """Return where an experiment runs: `out`, or a folder named after it below ``runs/``."""
    return Path(out) if out is not None else Path("runs") / experiment.name


def run_of(given: Run | PathLike) -> Run:
    """Return a run as it was given, or of its folder."""
    return given if isinstance(given, Run) else load_run(given)


def load_run(folder: PathLike) -> Run:
    """Return a run that has been started. Raises `LedgerError` where the folder holds none."""
    from harness.ledger import read

    return Run(read(Path(folder)).folder)


def evaluate(
    model: Any,
    suites: str | Suite | Sequence[str | Suite],
    *,
    out: PathLike,
    tokenizer: Any = None,
    limit: int | None = None,
    batch_size: int = 8,
    include: Sequence[PathLike] = (),
    device: str = "cpu",
) -> tuple[Evaluation, ...]:
    """Score one model on suites as the cells of a run are scored; lm-eval's own files go below `out`, a folder a suite.

    `model` is a transformers or PEFT model on its device, together with its `tokenizer`; or a finished cell's folder,
    ``runs/gap/cells/<id>``; or a folder in the transformers format; or a `Model` as a spec declares it, such as
    ``load("gap").model``. The last three are loaded onto `device`. A suite is a task's name, which is looked up below
    the current directory, in `include`, among the shipped tasks and in lm-eval; `Suite` says more of it. `limit` scores
    at most so many items of each. Two such folders a seed are what `compare` takes.

    Needs the extra `run`. Raises `TaskError` for a task that cannot be scored, `LedgerError` and `SourceError` for a
    model that cannot be had, `UsageError` for a model without a tokenizer.
    """
    require("run", "harness.evaluate")

    from harness.evaluation import evaluate as evaluate_suite
    from harness.execution.subject import subject
    from harness.suites.load import suite_of

    loaded = subject(model, tokenizer, device=device)
    where = (Path.cwd(), *map(Path, include))
    options = EvaluationOptions(batch_size=batch_size, limit=limit)
    named = [suites] if isinstance(suites, str | Suite) else suites
    asked = [suite if isinstance(suite, Suite) else suite_of(suite, include=where) for suite in named]
    return tuple(
        evaluate_suite(
            loaded.model,
            loaded.tokenizer,
            suite,
            folder=Path(out) / suite.task,
            options=options,
            include=where,
            relative_to=Path(out),
        )
        for suite in asked
    )


@contextlib.contextmanager
def opened(run: Run | PathLike, *, told: bool = False) -> Iterator[Run]:
    """Give a run for as long as the block lasts: as it is, from its folder, or from a bundle, unpacked elsewhere.

    What goes wrong is `told` on the page of a run's folder, where that is asked for. Raises `LedgerError` and
    `BundleError` where there is none.
    """
    from harness.bundle import is_bundle, unpack

    if isinstance(run, Run) or not is_bundle(Path(run)):
        from harness.report.files import told_on_page

        place = run.folder if isinstance(run, Run) else Path(run)
        with told_on_page(place) if told else contextlib.nullcontext():
            yield run_of(run)
        return
    with tempfile.TemporaryDirectory() as folder:
        unpack(Path(run), Path(folder))
        yield replace(load_run(folder), bundled=True)


def report(run: Run | PathLike) -> str:
    """Return scores, costs and verdicts of a run as text; write its files anew.

    They are ``report.html`` and ``report.md`` to read, ``verdict.json`` and ``costs.json`` for programs. Of a run that
    cannot be judged or read the page says so, and the error is raised. Of a bundle nothing is written.
    """
    with opened(run, told=True) as found:
        concluded = conclude(found)
        concluded.save()
        return concluded.text
