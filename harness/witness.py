"""What a process reads, as far as Python tells it: files, and folders that a stranger's code looks through.

`sys.addaudithook` tells every file that Python opens and every folder that it lists. What compiled code opens without
Python (a tokenizer, a memory-mapped table) has to be noted by whoever has it opened. What a process learned from
another process or from the network cannot be noted: a witness of that says that it has not seen everything.
"""

import contextlib
import importlib.util
import os
import sys
import time
from collections.abc import Iterator
from contextvars import ContextVar
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from harness.file_states import NOTE, FileState, checked, file_state
from harness.paths import cache_root, file_sha256

_OUTSIDE = frozenset({"socket.connect", "subprocess.Popen", "os.system", "os.posix_spawn", "os.exec", "os.fork"})
"""Audit events after which something may be known that no file says."""
_LISTED = frozenset({"os.listdir", "os.scandir"})
_NO_FILES = ("/proc/", "/sys/", "/dev/")
_CODE = (".py", ".pyc", ".so", ".pth")
_WRITES = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_APPEND

_looks_through: ContextVar[bool] = ContextVar("folders that are listed count", default=False)
_vouched: ContextVar[bool] = ContextVar("what comes from outside is checked", default=False)
_present: "Witness | None" = None
_hooked = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """Everything that was read: each file as it was, or that it was not there; each folder with the names in it."""

    files: tuple[FileState, ...]
    folders: dict[str, tuple[str, ...]]


@dataclass(slots=True)
class _First:
    """A file when it was first opened; `sha256` where it had been written so lately that its times say little."""

    state: FileState
    sha256: str | None = None


@dataclass(slots=True)
class Witness:
    """What has been noted so far; `outside` names what was learned from elsewhere, and by how."""

    files: dict[str, _First] = field(default_factory=dict)
    folders: dict[str, tuple[str, ...]] = field(default_factory=dict)
    outside: list[str] = field(default_factory=list)
    _noting: bool = False

    def note(self, path: Path | str) -> None:
        """Note a file that is about to be read, or every file below a folder."""
        place = Path(os.path.abspath(path))  # noqa: PTH100 - links stay: where one points to may change
        if place.is_dir():
            for each in sorted(place.rglob("*")):
                self._file(str(each))
            self.note_names(place)
        else:
            self._file(str(place))

    def note_names(self, folder: Path | str) -> None:
        """Note the names in a folder."""
        self.folders.setdefault(str(folder), names_in(str(folder)))

    def seen(self) -> Seen | None:
        """Return what was read; None where not everything is known, or a file has changed since it was read."""
        self._noting = True
        try:
            files = [_still(path, first) for path, first in self.files.items()]
            same = all(names_in(folder) == names for folder, names in self.folders.items())
        except (OSError, _ChangedError):
            return None
        finally:
            self._noting = False
        return Seen(files=tuple(files), folders=self.folders) if same and not self.outside else None

    def _file(self, path: str) -> None:
        if path in self.files or path.startswith(_NO_FILES) or _is_installed_code(path):
            return
        if Path(path).name.startswith(NOTE):
            return
        with contextlib.suppress(OSError):  # a folder, a pipe, what may not be read: whoever opens it has the error
            state = file_state(path)
            lately = not state.absent and not state.settled(time.time_ns())
            self.files[path] = _First(state, file_sha256(Path(path)) if lately else None)

    def heard(self, event: str, details: tuple[Any, ...]) -> None:
        """Take an audit event."""
        if self._noting:
            return
        self._noting = True
        try:
            if event == "open":
                self._opened(*details[:3])
            elif event in _LISTED and _looks_through.get():
                self._listed(details[0])
            elif event in _OUTSIDE and not _vouched.get():
                self.outside.append(f"{event} {details!r:.80}")
        finally:
            self._noting = False

    def _opened(self, path: Any, mode: Any, flags: Any) -> None:
        if not isinstance(path, str | bytes | os.PathLike) or (isinstance(flags, int) and flags & _WRITES):
            return
        if isinstance(mode, str) and not set(mode).isdisjoint("wax"):
            return
        name = os.path.abspath(os.fsdecode(path))  # noqa: PTH100 - as above
        if name.endswith(".pyc"):
            with contextlib.suppress(ValueError, NotImplementedError):
                name = importlib.util.source_from_cache(name)
        self._file(name)

    def _listed(self, folder: Any) -> None:
        if isinstance(folder, int):
            return
        name = os.path.abspath(os.fsdecode(folder or "."))  # noqa: PTH100 - as above
        if not _is_installed(name) and not name.startswith(f"{cache_root()}{os.sep}"):
            self.note_names(name)


class _ChangedError(Exception):
    """A file is not what it was when it was read."""


def _still(path: str, first: _First) -> FileState:
    """Return a file's state with its checksum. Raises `_ChangedError` where it may have changed since it was read."""
    now = checked(path)
    in_cache = path.startswith(f"{cache_root()}{os.sep}")
    if first.state.absent or now.absent:
        # What preparing itself puts into the cache, or takes away there, was read as it is now.
        if first.state.absent != now.absent and not in_cache:
            raise _ChangedError(path)
    elif first.sha256 != now.sha256 if first.sha256 is not None else first.state != file_state(path):
        raise _ChangedError(path)
    return now


def names_in(folder: str) -> tuple[str, ...]:
    """Return what a folder lists, in order, without what comes and goes by itself; nothing where there is none."""
    with contextlib.suppress(OSError):
        return tuple(sorted(each.name for each in os.scandir(folder) if not _comes_and_goes(each.name)))
    return ()


def _comes_and_goes(name: str) -> bool:
    return name.startswith(".") or name == "__pycache__" or name.endswith(".lock")


def _is_installed_code(path: str) -> bool:
    return _is_installed(path) and (path.endswith(_CODE) or ".dist-info/" in path)


def _is_installed(path: str) -> bool:
    """Tell whether a path is of an installed package or of Python, which are known by their versions."""
    return path.startswith((f"{sys.prefix}{os.sep}", f"{sys.base_prefix}{os.sep}", os.path.dirname(os.__file__)))  # noqa: PTH120


def _hook(event: str, details: tuple[Any, ...]) -> None:
    if _present is not None and (event == "open" or event in _LISTED or event in _OUTSIDE):
        try:
            _present.heard(event, details)
        except Exception as error:  # noqa: BLE001 - an audit hook that raises would forbid what it hears of
            _present.outside.append(f"{event}: {error!r:.80}")


@contextlib.contextmanager
def witnessing() -> Iterator[Witness]:
    """Note what this process reads while the block runs."""
    global _present, _hooked  # noqa: PLW0603 - an audit hook is the process's own and stays
    if not _hooked:
        sys.addaudithook(_hook)
        _hooked = True
    before, _present = _present, Witness()
    try:
        yield _present
    finally:
        _present = before


def note(path: Path | str) -> None:
    """Tell the witness, if there is one, of a file or folder that is read without Python."""
    if _present is not None:
        _present.note(path)


def note_names(folder: Path) -> None:
    """Tell the witness, if there is one, of a folder in which it counts what there is."""
    if _present is not None:
        _present.note_names(folder)


@contextlib.contextmanager
def looking_through() -> Iterator[None]:
    """Let folders that are listed in the block count: it runs code whose reading nobody declares."""
    token = _looks_through.set(True)
    try:
        yield
    finally:
        _looks_through.reset(token)


@contextlib.contextmanager
def vouched() -> Iterator[None]:
    """Let what comes from outside in the block not count: it is held against a checksum."""
    token = _vouched.set(True)
    try:
        yield
    finally:
        _vouched.reset(token)
