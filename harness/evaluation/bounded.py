"""What a model wrote is run in a child process that is bounded and, where the system allows it, without network."""

import contextlib
import functools
import json
import os
import resource
import select
import signal
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from lm_eval.api.task import Task

from harness.declarations.code import ALLOWS, MEMORY, SECONDS, cut_network

_FILES = 64 * 2**20
"""Bytes that a file may have which a program writes."""


def bound(task: Task) -> None:
    """Let the task score each answer in a child of its own; programs that do not end in time have failed."""
    scored: Callable[..., Mapping[str, Any]] = task.process_results
    failed = dict.fromkeys(task.aggregation(), 0.0)

    @functools.wraps(scored)
    def in_a_child(document: Any, answers: Any, **more: Any) -> Mapping[str, Any]:
        found = run(lambda: scored(document, answers, **more))
        return failed if found is None else found

    task.process_results = in_a_child


def run(work: Callable[[], Mapping[str, Any]], *, seconds: float = SECONDS, memory: int = MEMORY) -> Any:
    """Return what `work` returns (JSON values) in a child process, None where it did not end in time or broke off.

    The child has a folder of its own that is removed, `memory` bytes beyond what it begins with, and no network where
    the system allows it. It and all that it started are killed afterwards. What it answers is read as JSON: nothing
    that a program could say is executed here.
    """
    reading, writing = os.pipe()
    with tempfile.TemporaryDirectory(prefix="harness-code-") as folder:
        child = os.fork()
        if child == 0:
            os.close(reading)
            _answer(work, writing, folder, memory)
        os.close(writing)
        try:
            text = _read(reading, time.monotonic() + seconds)
        finally:
            os.close(reading)
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(child, signal.SIGKILL)
            with contextlib.suppress(ProcessLookupError):
                os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
    with contextlib.suppress(ValueError):
        return json.loads(text)
    return None


def _answer(work: Callable[[], Mapping[str, Any]], writing: int, folder: str, memory: int) -> None:
    """Do the work in this child process, write the answer and end."""
    code = 1
    try:
        os.setsid()
        os.chdir(folder)
        os.environ.update({ALLOWS: "1", "HOME": folder, "TMPDIR": folder})
        tempfile.tempdir = folder
        cut_network()
        _limit(memory)
        text = json.dumps(dict(work()), default=float).encode()
        with os.fdopen(writing, "wb") as stream:
            stream.write(text)
        code = 0
    finally:
        os._exit(code)  # without what the parent would do at its own end


def _limit(memory: int) -> None:
    for kind, most in (
        (resource.RLIMIT_AS, _address_space() + memory),
        (resource.RLIMIT_FSIZE, _FILES),
        (resource.RLIMIT_CORE, 0),
    ):
        _, hard = resource.getrlimit(kind)
        within = most if hard == resource.RLIM_INFINITY else min(most, hard)
        with contextlib.suppress(ValueError, OSError):  # macOS takes no limit of the address space
            resource.setrlimit(kind, (within, within))


def _address_space() -> int:
    """Return the bytes of this process's address space: a worker that loaded a model has many, few of them its own."""
    try:
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
    except OSError:
        return 0
    return pages * os.sysconf("SC_PAGE_SIZE")


def _read(reading: int, until: float) -> bytes:
    """Return what the child writes until it closes the pipe, nothing where time runs out."""
    parts: list[bytes] = []
    answer = select.poll()  # unlike select, at home with the descriptors above 1,023 of a process that holds many
    answer.register(reading, select.POLLIN)
    while (left := until - time.monotonic()) > 0:
        if not answer.poll(left * 1000):
            break
        part = os.read(reading, 2**16)
        if not part:
            return b"".join(parts)
        parts.append(part)
    return b""
