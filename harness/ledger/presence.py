"""Which commands are at work in a run folder, and that all of them want the same of it.

Several commands with the same spec and options share a run. One with others would change the report that the first is
about to print, so it is told what differs and refused for as long as the other is there.
"""

import contextlib
import json
import os
import secrets
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from harness.codec import JSON, encode
from harness.errors import UsageError
from harness.ledger.claims import CLAIMS, Claims, beat_from_now_on, rhythm_of
from harness.ledger.files import write_json
from harness.spec.records import Experiment
from harness.storage import writing
from harness.text import listed

ANOTHER_FOLDER = "Choose another folder with --out."
"""What to do where a run folder cannot be written."""

BEGUN = "begun.json"
"""Beside the claims: what the run is of, for those who take a part of it."""

_REGISTER = "commands"
_PREFIX = "command-"
_SHOWN = 6
_OF_NO_MATTER = ("file", "include", "overrides", "description")
"""Fields of an experiment that may differ: what they say of numbers and report stands in the others."""
_OF_EXECUTION = ("workers", "memory_limit_bytes", "time_limit_minutes", "checkpoint_minutes", "shared_folder")

_here: dict[Path, int] = {}
_guard = threading.Lock()


@contextlib.contextmanager
def at_work(folder: Path, experiment: Experiment, *, go_on: bool = False) -> Iterator[None]:
    """Be at work in a run folder for the block; within it, and in this process, this may be said again.

    Raises `UsageError` where another command is at work there that would come to other numbers or another report,
    and `StorageError` for a folder that cannot be written.
    """
    place = folder.resolve()
    with _guard:
        outermost = place not in _here
        _here[place] = _here.get(place, 0) + 1
    try:
        if outermost and experiment.execute.shared_folder:
            _share(place)
        with _registered(place, wanted(experiment, go_on=go_on)) if outermost else contextlib.nullcontext():
            yield
    finally:
        with _guard:
            _here[place] -= 1
            if not _here[place]:
                del _here[place]


def wanted(experiment: Experiment, *, go_on: bool) -> dict[str, JSON]:
    """Return what a command wants of a run folder, as far as numbers and report depend on it."""
    asked = encode(experiment)
    execute = {key: each for key, each in asked["execute"].items() if key not in _OF_EXECUTION}
    kept = {key: each for key, each in asked.items() if key not in _OF_NO_MATTER}
    return {**kept, "execute": execute, "--go-on": go_on}


def _share(folder: Path) -> None:
    """Have the claims in a folder be by heartbeat, unless a command is at work there that holds locks."""
    if rhythm_of(folder) is not None:
        return
    claims = Claims(folder)
    with writing(folder, ANOTHER_FOLDER):
        if any(_is_locked(claims, name) for name in claims.names()):
            raise UsageError(
                f"{folder} is in use by a command that does not share it between machines: its claims are locks, which "
                "another machine may not see. Wait until it has ended, and then set execute.shared_folder for all."
            )
        beat_from_now_on(folder)


def _is_locked(claims: Claims, name: str) -> bool:
    with contextlib.suppress(NotImplementedError):  # a file system without locks: nobody holds one
        return claims.is_held(name)
    return False


@contextlib.contextmanager
def _registered(folder: Path, mine: Mapping[str, JSON]) -> Iterator[None]:
    claims, name = Claims(folder), f"{_PREFIX}{secrets.token_hex(4)}"
    try:
        with writing(folder, ANOTHER_FOLDER), claims.alone(_REGISTER):
            for name_of_theirs, theirs in _others(claims):
                differing = list(differences(theirs, mine))
                if differing and claims.lives(name_of_theirs):
                    raise UsageError(_refusal(folder, differing))
                if differing:
                    _forget(claims, name_of_theirs)
            claims.take(name)
            write_json(claims.folder / f"{name}.json", mine)
            with contextlib.suppress(OSError):
                os.utime(folder.parent)  # tells those at work in folders beside this one that somebody came
    except NotImplementedError as error:
        raise UsageError(
            f"{folder} lies on a file system without locks ({error}). Set execute.shared_folder to true, by which "
            "commands that share the folder claim their work by heartbeat, or choose another folder with --out."
        ) from error
    try:
        yield
    finally:
        with contextlib.suppress(OSError):  # the folder may be gone, or its disk: what this says is over anyway
            _forget(claims, name)


def note_begun(folder: Path, experiment: Experiment, *, anew: bool) -> None:
    """Note what a run is of, `anew` or where nothing is noted.

    Raises `UsageError` for a part of a run that was begun as another: some of its cells would be of one spec, some of
    the other, and no start would end either.
    """
    path, mine = folder / CLAIMS / BEGUN, wanted(experiment, go_on=False)
    with Claims(folder).alone(_REGISTER):
        try:
            before = None if anew else json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError, RecursionError):
            before = None
        differing = [] if before is None else list(differences(before, mine))
        if differing:
            raise UsageError(
                f"{folder} was begun as another run, of which this would be no part:\n{listed(differing, _SHOWN)}\n"
                "Choose another folder with --out; or `harness run` without --cells and --next, which goes on as this "
                "one."
            )
        if before is None:
            write_json(path, mine)


def someone_is_at_work(folder: Path) -> bool:
    """Tell whether a command is at work in a run folder, in which nothing is made for this."""
    claims = Claims(folder)
    return any(claims.is_held(note.stem) for note in claims.folder.glob(f"{_PREFIX}*.json"))


def _others(claims: Claims) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield the claim of each command that may live, and what it wants; what a dead one left is removed."""
    for note in sorted(claims.folder.glob(f"{_PREFIX}*.json")):
        if not claims.is_held(note.stem):
            _forget(claims, note.stem)
            continue
        with contextlib.suppress(OSError, ValueError, RecursionError):
            found = json.loads(note.read_text(encoding="utf-8"))
            if isinstance(found, dict):
                yield note.stem, found


def _forget(claims: Claims, name: str) -> None:
    (claims.folder / f"{name}.json").unlink(missing_ok=True)
    claims.forget(name)


def differences(theirs: JSON, mine: JSON, path: str = "") -> Iterator[str]:
    """Yield where two JSON values differ, as ``seeds: [1] there, [2] here``."""
    if isinstance(theirs, Mapping) and isinstance(mine, Mapping):
        for key in dict.fromkeys([*theirs, *mine]):
            yield from differences(theirs.get(key), mine.get(key), f"{path}.{key}" if path else str(key))
    elif isinstance(theirs, list) and isinstance(mine, list) and len(theirs) == len(mine):
        for index, (one, other) in enumerate(zip(theirs, mine, strict=True)):
            yield from differences(one, other, f"{path}[{index}]")
    elif theirs != mine:
        yield f"{path}: {_brief(theirs)} there, {_brief(mine)} here"


_LONGEST = 60


def _brief(value: JSON) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"


def _refusal(folder: Path, differing: list[str]) -> str:
    return (
        f"{folder} is in use by a command that wants other numbers or another report of it:\n"
        f"{listed(differing, _SHOWN)}\n"
        "Wait until it has ended, or choose another folder with --out: cells that both want are computed once."
    )
