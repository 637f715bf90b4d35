"""The verbs as functions: what the command line does, for scripts and notebooks.

Each function takes an experiment as a path, as the name of a shipped one, or as what `load` returned. Expected errors
are `harness.errors.HarnessError`; nothing is printed and nothing exits. A module that is heavy to import is imported
by the function that needs it, so that checking a file does not load torch.
"""

import contextlib
import json
import tempfile
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypedDict, Unpack, overload

from harness.errors import FAILURE_KINDS, ComparisonError, FailureKind, Problem, SpecError, UsageError
from harness.extras import require
from harness.paths import cache_root
from harness.records import Evaluation
from harness.runs import Run, conclude
from harness.spec import Campaign, Overrides, load_any
from harness.spec import load as load_experiment
from harness.spec.files import declared_kind
from harness.spec.notes import notes
from harness.spec.recipe import read_recipe
from harness.spec.records import Duplicates, EvaluationOptions, Experiment, IdenticalRuns, Model, Suite
from harness.storage import refusals_told

if TYPE_CHECKING:
    from harness.bundle import Verified
    from harness.bundle.hub import Pushed
    from harness.bundle.model_folder import ExportedModel
    from harness.bundle.promotion import Rechecked
    from harness.compare.design import Design
    from harness.execution.reproduction import Original
    from harness.execution.selection import Selection
    from harness.execution.watcher import Watcher
    from harness.inputs.shifted import InputShift
    from harness.ledger import RunFolder
    from harness.plan.costs import Estimate
    from harness.plan.pilot import Pilot
    from harness.plan.within import Within
    from harness.ratings.export import Exported
    from harness.ratings.outcome import Ratings
    from harness.verdict import Verdicts
    from harness.verdict.promotion import Promotion

PathLike = str | Path


class Changes(TypedDict, total=False):
    """What may be changed of an experiment when it is read; checked like the file and noted in the run's lock file.

    `set` maps paths to values, ``{"training.max_steps": 5}``, or holds texts, ``["training.max_steps=5"]``; `seeds`
    replaces the training seeds; `limit` scores at most so many items of every suite; `only` names the recipes,
    suites and models to keep. `include` is not a change: these folders are searched too, for specs, recipes and tasks.
    """

    set: Mapping[str, Any] | Sequence[str]
    seeds: Sequence[int]
    limit: int
    only: Sequence[str]
    device: str
    workers: int | Literal["auto"]
    include: Sequence[PathLike]


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """A declaration file as it was named, and everything that is wrong with it.

    `kind` is ``experiment`` or ``recipe``, None where the file could not be read far enough to tell. `notes` say what
    is not wrong and worth knowing, such as a name that hides a shipped one.
    """

    file: str
    kind: Literal["experiment", "recipe"] | None
    problems: tuple[Problem, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def ok(self) -> bool:
        """Whether nothing is wrong."""
        return not self.problems


def load(spec: PathLike, **changes: Unpack[Changes]) -> Experiment:
    """Return the experiment of a file or of a name, resolved: what it extends, defaults, recipes, paths.

    Raises `SpecError` with every problem, each with its file, JSON path and line.
    """
    return load_experiment(spec, include=_include(changes), overrides=overrides_of(changes))


def validate(file: PathLike, **changes: Unpack[Changes]) -> Checked:
    """Return what is wrong with a spec or recipe file, given by path or name; nothing is raised for that."""
    name, include = str(file), _include(changes)
    kind: Literal["experiment", "recipe"] | None = None
    to_know: tuple[str, ...] = ()
    try:
        declared, path = declared_kind(name, include=include)
        kind = "experiment" if declared == "specs" else "recipe"
        if kind == "experiment":
            to_know = notes_of(load_any(path, include=include, overrides=overrides_of(changes)))
        else:
            read_recipe(path, include=include)
    except SpecError as error:
        return Checked(file=name, kind=kind, problems=error.problems)
    return Checked(file=name, kind=kind, notes=to_know)


def notes_of(found: Experiment | Campaign) -> tuple[str, ...]:
    """Return what is worth knowing of an experiment, or once of all models that one has."""
    experiments = found.experiments.values() if isinstance(found, Campaign) else (found,)
    return tuple(dict.fromkeys(note for each in experiments for note in notes(each)))


def plan(
    spec: PathLike | Experiment,
    *,
    from_runs: Sequence[PathLike] = (),
    measure: bool = False,
    on_stage: Callable[[str], None] = lambda _name: None,
    **changes: Unpack[Changes],
) -> "Estimate":
    """Return what an experiment would cost, cell by cell, and what its seeds and items could show.

    Nothing is downloaded: what is not in the cache is assumed, and named. `from_runs` are run folders from which the
    variances of paired differences are taken, and how likely a verdict is if the truth is as they estimate; without
    one, variances are those that the spec declares, or assumed. This machine's speed is kept in the cache, and measured
    again with `measure`. `on_stage` is called with the name of what is looked at next. Needs the extra `run`. Raises
    `UsageError` for a run that says nothing of the experiment's suites.
    """
    require("run", "harness.plan")
    experiment = _experiment(spec, changes)

    from harness.execution.estimate import estimate
    from harness.ledger import read
    from harness.plan.phases import expected
    from harness.plan.power import power_of

    runs = [read(Path(each)) for each in from_runs]  # one that is none is told before anything is measured
    found = estimate(experiment, measure_anew=measure, on_stage=on_stage)
    items = {task: count for task, (count, _) in found.suites.items()}
    left = expected(experiment)
    return replace(found, power=power_of(left, items, _pilots(left, runs, items))) if runs else found


def plan_within(
    spec: PathLike | Experiment,
    budget: str,
    *,
    estimate: "Estimate | None" = None,
    from_runs: Sequence[PathLike] = (),
    **changes: Unpack[Changes],
) -> "Within":
    """Return the seeds and items that fit into a budget, what they show, and what twice as much would.

    `budget` is a time, ``2h`` or ``90min``, or a plain number, a price at the spec's ``cost.per_hour``. `estimate` is
    what `plan` returned of the same experiment, which is made otherwise. Raises `UsageError` for a budget that is none,
    and for a search alone, which has no seeds.
    """
    experiment = _experiment(spec, changes)
    from harness.ledger import read
    from harness.plan.phases import expected
    from harness.plan.power import power_of
    from harness.plan.within import FEWEST, seconds_of, seeds_of, within

    if experiment.searches_alone:
        raise UsageError(f"{experiment.name} is a search alone: there are no seeds that a budget could buy.")
    seconds = seconds_of(budget, experiment.cost.get("per_hour"))
    known = estimate or plan(experiment, from_runs=from_runs)
    experiment = expected(experiment)
    effects = known.power.effects
    if not effects:  # a single seed shows none, and its variances are those of two
        items = {task: count for task, (count, _) in known.suites.items()}
        pair = replace(experiment, seeds=seeds_of(experiment, FEWEST))
        runs = [read(Path(each)) for each in from_runs]
        effects = power_of(pair, items, _pilots(experiment, runs, items)).effects
    return within(experiment, known, effects, seconds)


def _pilots(experiment: Experiment, runs: "Sequence[RunFolder]", items: Mapping[str, int]) -> "list[Pilot]":
    from harness.verdict.pilot import pilot

    return [pilot(each, experiment, items) for each in runs]


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
    experiment = _experiment(spec, changes)

    from harness.execution.run import Options, execute
    from harness.execution.selection import Selection
    from harness.execution.watcher import Unwatched
    from harness.ledger.presence import at_work

    part = _part(cells, units)
    options = Options(
        retry=_kinds_retried(retry_failed),
        go_on=go_on,
        repair=repair,
        original=None if locked is None else _original(locked),
        selection=part or Selection(),
    )
    folder = run_folder(experiment, out)
    with refusals_told(folder, cache_root()), at_work(folder, experiment, go_on=go_on):
        done = execute(experiment, folder, watcher or Unwatched(), options)
        finished = Run(done.folder, part=part, judged=options.selection.verdicts)
        if part is None or part.whole:
            conclude(finished).save(anew=False)
    return finished


def load_locked(
    lock: "PathLike | Original",
    *,
    include: Sequence[PathLike] = (),
    device: str | None = None,
    workers: int | Literal["auto"] | None = None,
) -> Experiment:
    """Return the experiment of a run's lock file, or of a run folder, as it is read on this machine.

    Its paths are those of the machine that wrote it: a file that is not there is looked for by name in `include`,
    beside the lock and in the current directory, and so are tasks. It computes with the lock's number of threads.
    Hand it to `run` with `locked`, which holds it to the lock. Needs the extra `run`. Raises `LedgerError` for a lock
    that cannot be read or says too little, `SpecError` for what is not found.
    """
    require("run", "harness.load_locked")
    from harness.spec.locked import reread

    found = _original(lock)
    folders = [Path(each) for each in include]
    experiment = reread(found.experiment, found.file, include=folders, device=device, workers=workers)
    threads = experiment.execute.threads or found.lock.execution.threads
    return replace(experiment, execute=replace(experiment.execute, threads=threads))


def _original(lock: "PathLike | Original") -> "Original":
    """Return a lock as it was read already, or read it."""
    from harness.execution.reproduction import Original, original

    return lock if isinstance(lock, Original) else original(Path(lock))


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


@overload
def compare(run: Run | PathLike, /) -> "Verdicts": ...


@overload
def compare(
    *,
    reference: Sequence[PathLike],
    candidates: Mapping[str, Sequence[PathLike]],
    in_domain: Sequence[str],
    metric: str,
    out_of_domain: Sequence[str] = (),
    guards: Sequence[str] = (),
    base: PathLike | None = None,
    reference_name: str = "reference",
    guard_metric: str | None = None,
    lower_is_better: bool | None = None,
    cluster: str = "cluster",
    fixed_items: bool = False,
    sesoi: float | None = None,
    guard_sesoi: float | None = None,
    retention: float = 0.5,
    alpha: float = 0.05,
    require_gain: bool = True,
    seed_sd: float | None = None,
    seed_df: float | None = None,
    newest: bool = True,
    duplicates: Duplicates = "once",
    identical_runs: IdenticalRuns = "refuse",
    model: str | None = None,
) -> "Verdicts": ...


@overload
def compare(
    table: Any,
    /,
    *,
    reference: str,
    candidates: Sequence[str] = (),
    in_domain: Sequence[str] = (),
    out_of_domain: Sequence[str] = (),
    guards: Sequence[str] = (),
    metric: str | None = None,
    base: str | None = None,
    guard_metric: str | None = None,
    lower_is_better: bool | None = None,
    cluster: str = "cluster",
    fixed_items: bool = False,
    sesoi: float | None = None,
    guard_sesoi: float | None = None,
    retention: float = 0.5,
    alpha: float = 0.05,
    require_gain: bool = True,
    seed_sd: float | None = None,
    seed_df: float | None = None,
    duplicates: Duplicates = "refuse",
    identical_runs: IdenticalRuns = "refuse",
    model: str | None = None,
) -> "Verdicts": ...


def compare(run: Any = None, /, **declared: Any) -> "Verdicts":
    """Return verdicts from a run as far as it came, from anyone's ``lm_eval --log_samples`` folders, or from a table.

    A run is compared as its experiment declares. Of logs, `reference` and each candidate are folders, one a training
    seed in one order of seeds; the other parameters are those of `harness.compare.logs.design_of_logs`. A table of
    scores is a CSV, JSON-lines or parquet file, a data frame, an arrow table or a list of mappings, with the columns
    arm, seed, suite, item, score and perhaps cluster, role, model, metric, options; `reference`, `candidates` and
    `base` are then arms, and the parameters those of `harness.compare.tables.design_of_table`. A suite that cannot be
    compared is listed in `Verdicts.not_compared`, with the reasons. Raises `ComparisonError` where none is left, for a
    comparison that is wrong itself, and with all rows of a table that are wrong; `UsageError` for a run together with
    what it declares itself.
    """
    if run is None or is_table(run):
        from harness.verdict import judge

        return judge(compared(run, **declared))
    if declared:
        raise UsageError(f"a run declares its own comparison; for logs or a table alone: {', '.join(declared)}.")
    with opened(run) as found:
        return found.verdicts


def compared(run: Any = None, /, **declared: Any) -> "Design":
    """Return what `compare` judges when it is called so: arms, suites, margins; the scores are not read yet."""
    if run is None:
        from harness.compare.logs import design_of_logs

        return design_of_logs(**declared)
    if is_table(run):
        from harness.compare.sources.table import read_table
        from harness.compare.tables import design_of_table

        if "reference" not in declared:
            raise UsageError("a table of scores: name the arm that is the reference (reference=, or --reference NAME).")
        table = read_table(run, cluster=declared.get("cluster", "cluster"))
        return design_of_table(table, **declared)

    from harness.compare.design import design_of

    return design_of((run if isinstance(run, Run) else load_run(run)).files)


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
            yield run if isinstance(run, Run) else load_run(run)
        return
    with tempfile.TemporaryDirectory() as folder:
        unpack(Path(run), Path(folder))
        yield replace(load_run(folder), bundled=True)


def bundle(run: Run | PathLike, *, out: PathLike | None = None, include_items: Sequence[str] = ()) -> Path:
    """Write a run's records, scores and verdict as one file that others can verify, and return its path.

    It is `out`, or named after the run in the current folder. Items of suites whose licence keeps them back are left
    out, unless `include_items` names the suite. Raises `LedgerError` and `ComparisonError` where there is nothing to
    bundle, `BundleError` where it cannot be made.
    """
    path, _ = bundled(run, out=out, include_items=include_items)
    return path


def bundled(
    run: Run | PathLike, *, out: PathLike | None = None, include_items: Sequence[str] = ()
) -> tuple[Path, Mapping[str, str]]:
    """Do what `bundle` does; return the path, and the suites whose items were left out, each with its licence."""
    from harness.bundle import make

    found = run if isinstance(run, Run) else load_run(run)
    path = Path(out) if out is not None else Path(f"{found.experiment.name}.bundle.tar.xz")
    reports = conclude(replace(found, bundled=True)).bundled
    return path, make(found.files, path, reports, include_items=include_items)


def push(
    run: Run | PathLike, to: str, *, public: bool = False, licence: str | None = None, dry_run: bool = False
) -> "Pushed":
    """Push a run to the repository `to` (``OWNER/NAME``) on the hub, and return what it has there.

    It gets the adapters that the run kept, each with its model card, the run's card, and its bundle. Items of suites
    whose licence keeps them back never leave. `licence` is the adapters', by the hub's id; a repository that is made is
    private unless `public`. With `dry_run` everything is made and nothing leaves: no network and no account is needed.

    Needs the extra `run` unless `dry_run`. Raises `UsageError` for what is not a repository, what `bundle` raises,
    `DamagedError` for adapters that are not as they were written, and `SourceError` for what the hub refuses.
    """
    from harness import __version__
    from harness.bundle.hub import check_repository, stage, upload

    check_repository(to)
    if not dry_run:
        require("run", "harness.push")
    found = run if isinstance(run, Run) else load_run(run)
    if found.experiment.searches_alone:
        raise ComparisonError(f"{found.folder} is a search alone: there is no verdict to push.")
    reports = conclude(replace(found, bundled=True)).bundled
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        staged = stage(found.files, found.verdicts, found.decision, reports, place, repository=to, licence=licence)
        if dry_run:
            return staged
        said = f"{found.experiment.name}, by harness {__version__}"
        return replace(staged, url=upload(place, to, private=not public, said=said))


def verify(bundle: PathLike) -> "Verified":
    """Judge the scores in a bundle anew and say whether its verdict is theirs, or what differs.

    Raises `BundleError` for a file that is not a bundle.
    """
    from harness.bundle import verify as verify_bundle

    return verify_bundle(Path(bundle))


def promote(run: Run | PathLike, *, rules: Sequence[str] = ()) -> "Promotion":
    """Return whether a new arm of a run takes the place of its reference, the model in production; write it down.

    ``promotion.json`` in the run folder holds the decision and what it rests on. `rules` are those of the spec's gate
    unless some are given, and without any no suite may drop by more than 1%. Raises what
    `harness.bundle.promotion.promote` does.
    """
    from harness.bundle.promotion import promote as promote_run

    return promote_run((run if isinstance(run, Run) else load_run(run)).files, rules)


def verify_promotion(run: PathLike) -> "Rechecked":
    """Decide again what the ``promotion.json`` of a run folder says, and return what differs.

    Raises what `harness.bundle.promotion.recheck` does.
    """
    from harness.bundle.promotion import recheck

    return recheck(Path(run))


def export_model(
    run: Run | PathLike,
    cell: str,
    out: PathLike,
    *,
    merged: bool = False,
    items: int | None = None,
    tolerance: float | None = None,
    device: str = "cpu",
) -> "ExportedModel":
    """Write a cell's model into `out` as a folder that transformers and PEFT load, and return what it holds.

    An adapter is written in PEFT's format with where its base is; `merged`, and of full fine-tuning and the base, whole
    weights. Some `items` (16) that the cell was scored on are scored again from the folder and may differ by
    `tolerance` (0.02; nats of a log-likelihood, or of generated answers points of the score), or it is refused.

    Needs the extra `run`. Raises what `harness.bundle.model_folder.export_model` does.
    """
    require("run", "harness.api.export_model")
    from harness.bundle.model_folder import ITEMS, TOLERANCE
    from harness.bundle.model_folder import export_model as export

    return export(
        (run if isinstance(run, Run) else load_run(run)).files,
        cell,
        Path(out),
        merged=merged,
        items=ITEMS if items is None else items,
        tolerance=TOLERANCE if tolerance is None else tolerance,
        device=device,
    )


def rate_export(
    run: Run | PathLike,
    out: PathLike,
    *,
    key: PathLike | None = None,
    suite: str | None = None,
    candidates: Sequence[str] = (),
    items: int | None = None,
    seed: int = 0,
    these_models: bool = False,
    include_items: Sequence[str] = (),
) -> "Exported":
    """Write pairs of a run's generated answers for experts into `out`, and the key beside that folder (or to `key`).

    The reference stands beside each of `candidates`, all of the spec's unless some are named, in the answers to `items`
    questions (40, or all of fewer) of a `suite`, which need not be named where one alone has generated answers. `seed`
    draws the questions, their order and their sides. Marks are judged over training seeds too where there are several,
    unless they are to speak of `these_models`. Items that a licence keeps back take `include_items`, the suite's name.
    Raises `UsageError` for what cannot be done as asked, `ComparisonError` for a run without such answers.
    """
    from harness.ratings.export import export

    found = run if isinstance(run, Run) else load_run(run)
    return export(
        found.files,
        Path(out),
        key=Path(key) if key is not None else Path(f"{Path(out)}.key.json"),
        task=suite,
        candidates=candidates,
        items=items,
        seed=seed,
        these_models=these_models,
        include_items=include_items,
    )


def rate_import(key: PathLike, files: Sequence[PathLike]) -> "Ratings":
    """Return what raters agree in, and each mark with its interval over raters and items.

    `key` is the file that `rate_export` wrote, `files` what raters gave back, one each. Needs the extra `ratings`.
    Raises `ComparisonError` with everything that is wrong with the files.
    """
    from harness.ratings.outcome import read_ratings

    return read_ratings(Path(key), [Path(each) for each in files])


def compare_inputs(
    old: PathLike,
    new: PathLike,
    *,
    field: str | None = None,
    model: PathLike | None = None,
    alpha: float = 0.05,
    seed: int = 0,
) -> "InputShift":
    """Return whether two files of prompts differ by more than the old ones do among themselves.

    A file is text with a prompt a line, or a table with the column `field` (``prompt``). With a `model`, a folder in
    the transformers format or a spec whose base is meant, also by how likely it finds them, which needs the extra
    `run`. `alpha` is the error rate over all measures together, `seed` draws what is drawn. Raises `ComparisonError`
    with everything that is wrong with both files, `SpecError` and `SourceError` for the model.
    """
    from harness.inputs.prompts import read_both
    from harness.inputs.shifted import compare_prompts

    prompts = read_both(Path(old), Path(new), field)
    if model is None:
        return compare_prompts(*prompts, alpha=alpha, seed=seed)
    base, device = _base_model(model)
    require("run", "how likely a base model finds prompts")
    from harness.inputs.likelihood import likely

    return compare_prompts(*prompts, likely=likely(*prompts, base, device=device), alpha=alpha, seed=seed)


def _base_model(given: PathLike) -> tuple[Model, str]:
    """Return a model in a folder, or a spec's base, and where it is to be."""
    if Path(given).is_dir():
        return Model(source="path", path=str(Path(given).resolve())), "cpu"
    experiment = load(given)
    return experiment.model, experiment.execute.device or "cpu"


def is_table(given: Any) -> bool:
    """Say whether what is to be compared is a table of scores, a file or in memory, and not a run."""
    from harness.compare.sources.rows import is_table as is_table_file

    if isinstance(given, str | Path):
        return not Path(given).is_dir() and is_table_file(Path(given))
    return not isinstance(given, Run)


def report(run: Run | PathLike) -> str:
    """Return scores, costs and verdicts of a run as text; write its files anew.

    They are ``report.html`` and ``report.md`` to read, ``verdict.json`` and ``costs.json`` for programs. Of a run that
    cannot be judged or read the page says so, and the error is raised. Of a bundle nothing is written.
    """
    with opened(run, told=True) as found:
        concluded = conclude(found)
        concluded.save()
        return concluded.text


def _experiment(spec: PathLike | Experiment, changes: Changes) -> Experiment:
    if not isinstance(spec, Experiment):
        return load(spec, **changes)
    if changes:
        raise UsageError(f"{', '.join(changes)}: {spec.name} is loaded already; give that to harness.load.")
    return spec


def _include(changes: Changes) -> tuple[Path, ...]:
    return tuple(Path(folder) for folder in changes.get("include", ()))


def overrides_of(changes: Changes) -> Overrides:
    """Return changes as the record that is laid over a spec."""
    given, seeds = changes.get("set", ()), changes.get("seeds")
    if isinstance(given, Mapping):
        given = [f"{path}={json.dumps(value)}" for path, value in given.items()]
    return Overrides(
        set=tuple(given),
        seeds=None if seeds is None else tuple(seeds),
        limit=changes.get("limit"),
        only=tuple(changes.get("only", ())),
        device=changes.get("device"),
        workers=changes.get("workers"),
    )
