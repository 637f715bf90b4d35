"""What a spec declares: read, checked, and as it is changed for one call."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypedDict, Unpack

from harness.errors import Problem, SpecError, UsageError
from harness.extras import require
from harness.spec import Campaign, Overrides, load_any
from harness.spec import load as load_experiment
from harness.spec.files import declared_kind
from harness.spec.notes import notes
from harness.spec.recipe import read_recipe
from harness.spec.records import Experiment

if TYPE_CHECKING:
    from harness.execution.reproduction import Original


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
    return load_experiment(spec, include=folders_of(changes), overrides=overrides_of(changes))


def validate(file: PathLike, **changes: Unpack[Changes]) -> Checked:
    """Return what is wrong with a spec or recipe file, given by path or name; nothing is raised for that."""
    name, include = str(file), folders_of(changes)
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

    found = original_of(lock)
    folders = [Path(each) for each in include]
    experiment = reread(found.experiment, found.file, include=folders, device=device, workers=workers)
    threads = experiment.execute.threads or found.lock.execution.threads
    return replace(experiment, execute=replace(experiment.execute, threads=threads))


def original_of(lock: "PathLike | Original") -> "Original":
    """Return a lock as it was read already, or read it."""
    from harness.execution.reproduction import Original, original

    return lock if isinstance(lock, Original) else original(Path(lock))


def experiment_of(spec: PathLike | Experiment, changes: Changes) -> Experiment:
    """Return an experiment as it was given, or read. Raises `UsageError` for changes of one that was read already."""
    if not isinstance(spec, Experiment):
        return load(spec, **changes)
    if changes:
        raise UsageError(f"{', '.join(changes)}: {spec.name} is loaded already; give that to harness.load.")
    return spec


def folders_of(changes: Changes) -> tuple[Path, ...]:
    """Return the folders that are searched too."""
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
