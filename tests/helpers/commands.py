"""Real commands, started and awaited."""

import contextlib
import os
import resource
import signal
import subprocess
import sys
from dataclasses import dataclass
from functools import partial
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def limit_files(size):
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))


@dataclass(frozen=True)
class Ended:
    code: int
    out: str
    err: str


def start(spec, folder, *options, by=(), file_size=None, **environment):
    """Start ``harness run SPEC`` in a folder and a process group of its own; its output goes to files beside it.

    No file that it or its children write may pass `file_size` bytes, as with ``ulimit -f``. `by` are the words of a
    command that starts it in its turn.
    """
    number = len(list(folder.glob("command-*.out")))
    out, err = (folder / f"command-{number}.{kind}" for kind in ("out", "err"))
    with out.open("wb") as to_out, err.open("wb") as to_err:
        process = subprocess.Popen(
            [*by, sys.executable, "-m", "harness", "run", str(spec), *options],
            cwd=folder,
            env={**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1", **environment},
            stdin=subprocess.DEVNULL,
            stdout=to_out,
            stderr=to_err,
            start_new_session=True,
            preexec_fn=None if file_size is None else partial(limit_files, file_size),  # noqa: PLW1509
        )
    process.files = out, err
    return process


def ended(process, timeout=300):
    """Wait for a command and return its exit code and what it said; what breaks that off ends the command too."""
    try:
        code = process.wait(timeout)
    except BaseException:
        stop(process)
        raise
    out, err = (each.read_text(errors="replace") for each in process.files)
    return Ended(code, out, err)


def stop(process):
    """Kill a command with its group, if it is still at work."""
    if process.poll() is None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
