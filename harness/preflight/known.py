"""What was prepared, kept in the run folder with everything that it follows from: known again without preparing.

It is known as long as nothing has changed of the resolved experiment, harness's own code, the installed packages,
Python, the environment, processors and accelerators, the declarations of the tasks, and every file that was read: of a
stranger's code, what lies beside it and what it lists too. Anything else, and whatever cannot be told, such as data
that came over a network or from another program, is prepared anew. Nothing heavy is imported here.
"""

import contextlib
import functools
import hashlib
import json
import os
import platform
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from harness.codec import DecodeError, decode, encode
from harness.declarations.lm_eval import own_tasks
from harness.declarations.task_yaml import Declared, read_task
from harness.declarations.tasks import find_task
from harness.errors import HarnessError
from harness.file_states import renewed
from harness.ledger.artefacts import read_sealed, write_sealed
from harness.preflight.prepared import Prepared
from harness.preflight.workers import allowed_processors
from harness.spec.records import Experiment
from harness.witness import names_in

FILE = "prepared.json"
"""In the run folder."""
VERSION = 1
"""Raised when the record says less than has to be known."""

_OF_SESSIONS = frozenset(
    {
        "PWD",
        "OLDPWD",
        "SHLVL",
        "_",
        "COLUMNS",
        "LINES",
        "PYTEST_CURRENT_TEST",
        "TERM",
        "COLORTERM",
        "WINDOWID",
        "DISPLAY",
    }
    | {"WAYLAND_DISPLAY", "TMUX", "TMUX_PANE", "STY", "LS_COLORS", "PS1", "HISTFILE", "DBUS_SESSION_BUS_ADDRESS"}
)
"""Environment variables that differ from one terminal to the next and say nothing of data."""
_OF_TERMINALS = ("SSH_", "TERM_", "XDG_SESSION", "VTE_", "KONSOLE_", "ITERM_", "GNOME_TERMINAL")
_OF_LAUNCHERS = ("SLURM_", "SLURMD_", "PBS_", "LSB_", "OMPI_", "PMI_", "PMIX_", "KUBERNETES_", "HOSTNAME", "TMPDIR")
"""What launchers set otherwise for each process that they start. Which processors it may use is looked at itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What was prepared, and digests of what it follows from beside the files, by kind."""

    prepared: Prepared
    surroundings: Mapping[str, str]
    version: int = VERSION


def surroundings(experiment: Experiment) -> dict[str, str] | None:
    """Return digests of all that preparing depends on beside files; None where that cannot be told from here."""
    if experiment.execute.kind != "local":
        return None  # what another machine has installed is not seen here
    try:
        tasks = [_declaration(name, experiment) for name in tasks_of(experiment)]
    except (HarnessError, OSError):
        return None  # preparing says what is wrong with it
    variables = {name: value for name, value in os.environ.items() if not _is_of_a_session(name)}
    found = {
        "experiment": [encode(experiment), str(Path.cwd())],
        "tasks": tasks,
        "code": _own_code(),
        "packages": list(_packages()),
        "python": [sys.version, sys.prefix, platform.platform()],
        "environment": sorted(variables.items()),
        "processors": [os.cpu_count(), allowed_processors(), _accelerators()],
    }
    return {kind: _digest(value) for kind, value in found.items()}


def read_known(folder: Path, around: Mapping[str, str] | None) -> Prepared | None:
    """Return what was prepared for a run, None where that is not known or anything that it follows from has changed."""
    path = folder / FILE
    known = None if around is None else _read(path)
    if known is None or known.surroundings != around or known.prepared.seen is None:
        return None
    seen = known.prepared.seen
    if any(names_in(place) != names for place, names in seen.folders.items()):
        return None
    files = []
    for each in seen.files:
        now = renewed(each)
        if now is None:
            return None
        files.append(now)
    prepared = replace(known.prepared, seen=replace(seen, files=tuple(files)))
    if prepared != known.prepared:
        write_known(folder, around, prepared)  # what was read again has times that can be believed now
    return prepared


def write_known(folder: Path, around: Mapping[str, str] | None, prepared: Prepared) -> None:
    """Keep what was prepared with what it follows from; a run folder that cannot be written goes without."""
    path = folder / FILE
    with contextlib.suppress(OSError):
        if around is None or prepared.seen is None:
            path.unlink(missing_ok=True)
        else:
            write_sealed(path, encode(Known(prepared=prepared, surroundings=around)))


def _read(path: Path) -> Known | None:
    """Return a record that is whole and of this version: a damaged one is as good as none."""
    try:
        known = decode(Known, read_sealed(path))
    except (OSError, ValueError, TypeError, RecursionError, DecodeError):
        return None
    return known if known.version == VERSION else None


def tasks_of(experiment: Experiment) -> list[str]:
    """Return the names of all tasks that an experiment speaks of, each once."""
    return sorted(set(_under("task", encode(experiment))))


def _under(key: str, value: Any) -> Iterator[str]:
    if isinstance(value, Mapping):
        for name, each in value.items():
            if name == key and isinstance(each, str):
                yield each
            yield from _under(key, each)
    elif isinstance(value, list):
        for each in value:
            yield from _under(key, each)


def _declaration(name: str, experiment: Experiment) -> list[Any]:
    """Return which files declare a task, and what they say."""
    found = find_task(name, beside=experiment.file.parent, include=experiment.include) or _own(name)
    if found is None:
        return [name]
    return [name, [str(part.path) for part in found.parts], json.dumps(found.config, sort_keys=True, default=str)]


def _own(name: str) -> Declared | None:
    own = own_tasks().get(name)
    return None if own is None else read_task(own.path)


@functools.cache
def _own_code() -> str:
    """Return a digest of harness's code as it lay here when it was first asked for, installed or not."""
    room = Path(__file__).resolve().parent.parent
    digest = hashlib.sha256()
    for path in sorted(room.rglob("*.py")):
        digest.update(f"{path.relative_to(room)}\0".encode() + path.read_bytes())
    return digest.hexdigest()


def _packages() -> Iterator[tuple[str, str, int]]:
    """Yield the installed packages, by the folder that has a package's name and version and is new when it is."""
    for place in sys.path:
        with contextlib.suppress(OSError):
            for each in sorted(os.scandir(place or "."), key=lambda entry: entry.name):
                if each.name.endswith((".dist-info", ".egg-info", ".egg-link", ".pth")):
                    yield place, each.name, each.stat().st_mtime_ns


def _accelerators() -> list[str]:
    """Return the accelerators that the system has driver's files for."""
    with contextlib.suppress(OSError):
        return sorted(each.name for each in os.scandir("/dev") if each.name.startswith(("nvidia", "kfd", "dxg")))
    return []


def _is_of_a_session(name: str) -> bool:
    return name in _OF_SESSIONS or name.startswith((*_OF_TERMINALS, *_OF_LAUNCHERS))


def _digest(value: Any) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True, default=str).encode()).hexdigest()
