"""One mutant tried: the command line must end by itself, with an exit code that it knows and without a traceback."""

import contextlib
import io
import os
import signal
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from fuzz.mutants import written
from harness.cli import main

PATIENCE = 120
"""Seconds after which a command is interrupted, as by Ctrl-C: what it was asked for may be work without end."""
KNOWN = frozenset({0, 1, 2, 3, 64, 65, 69})
_WRITES = frozenset({"open", "os.mkdir", "os.rename", "os.remove", "os.rmdir", "os.link", "os.symlink", "os.truncate"})
_watched: list[Path] = []
_outside: list[str] = []


@dataclass(frozen=True)
class Trial:
    """What came of a mutant; `fault` is empty where nothing is wrong."""

    kind: str
    seed: int
    words: tuple[str, ...]
    fault: str
    printed: str


def tried(kind: str, seed: int, keep: Path | None = None) -> Trial:
    """Try a mutant in a folder of its own, which is left in `keep` where that is given."""
    with tempfile.TemporaryDirectory() as temporary:
        folder = keep or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        with contextlib.chdir(folder):
            mutant = written(kind, seed, folder)
            out, code, outside = _ran(mutant.words, folder)
            faults = [f"exit code {code}"] if code not in KNOWN else []
            if mutant.change is not None:
                before = out
                mutant.change[0].write_text(mutant.change[1], "utf-8")
                out, code, outside = _ran(mutant.words, folder)
                faults += ["another score, the same report"] if (out, code) == (before, 0) else []
        faults += [word for word in ("Traceback", "a bug in harness", "\x1b") if word in out]
        return Trial(kind, seed, mutant.words, "; ".join([*faults, *outside]), out)


def _ran(words: tuple[str, ...], folder: Path) -> tuple[str, int, list[str]]:
    out = io.StringIO()
    _watch()
    _outside.clear()
    _watched[:] = [folder.resolve()]
    try:
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(out), _patience():
            code = main(list(words))
    except BaseException as error:  # noqa: BLE001 - what escapes is what is looked for
        out.write(f"Traceback: {type(error).__name__}: {error}")
        code = -1
    finally:
        _watched.clear()
    return out.getvalue(), code, list(_outside)


@contextlib.contextmanager
def _patience() -> Iterator[None]:
    signal.signal(signal.SIGALRM, lambda *_: signal.raise_signal(signal.SIGINT))
    signal.alarm(PATIENCE)
    try:
        yield
    finally:
        signal.alarm(0)


def _watch() -> None:
    """Note, once and for the whole process, what is written outside the folder of a trial and the cache."""
    if not getattr(sys, "_harness_fuzz", False):
        sys._harness_fuzz = True
        sys.addaudithook(_audited)


def _audited(event: str, arguments: tuple[object, ...]) -> None:
    if not _watched or event not in _WRITES or not isinstance(arguments[0], str | bytes | os.PathLike):
        return
    if event == "open" and not (
        isinstance(arguments[2], int) and arguments[2] & (os.O_WRONLY | os.O_RDWR | os.O_CREAT)
    ):
        return
    path = Path(os.path.abspath(os.fsdecode(arguments[0])))  # noqa: PTH100 - resolving would look at the disk
    allowed = [*_watched, Path(tempfile.gettempdir()), Path("/dev/null"), Path.home() / ".cache"]
    cache = os.environ.get("HARNESS_CACHE")
    if "__pycache__" not in path.parts and not any(
        path.is_relative_to(each) for each in [*allowed, *([Path(cache)] if cache else [])]
    ):
        _outside.append(f"{event} of {path}, outside")
