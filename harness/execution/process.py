"""One fresh process a job, forked from a server that has imported the heavy libraries once.

A process of its own gives each cell a clean state, a peak memory of its own to measure, and a death that takes
nothing else along; the server saves each of them the ten seconds that importing the training stack takes. What
libraries print goes to the run's log file, which is the server's standard output and error.
"""

import importlib
import multiprocessing
import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing import forkserver
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from harness.errors import UsageError

WORKER = "harness.execution.worker"

_QUIET = {
    "TOKENIZERS_PARALLELISM": "false",
    "HF_HUB_DISABLE_PROGRESS_BARS": "1",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "BITSANDBYTES_NOWELCOME": "1",
}


def start_server(log: Path, *, remedy: str) -> None:
    """Start the server, which begins importing at once; a second call does nothing.

    Raises `UsageError`, which ends in the `remedy`, where the log cannot be written.
    """
    for name, value in _QUIET.items():
        os.environ.setdefault(name, value)
    multiprocessing.get_context("forkserver").set_forkserver_preload([WORKER])
    try:
        log.parent.mkdir(parents=True, exist_ok=True)
        file = log.open("ab")
    except OSError as error:
        raise UsageError(f"{log.parent} cannot be written ({error.strerror}). {remedy}") from error
    with file, _standard_streams(file.fileno()):
        forkserver.ensure_running()


def run_in_process(function: str, job: Any, on_message: Callable[[Any], None]) -> int | None:
    """Call the worker's `function` with `job` in a fresh process, passing on each message that it sends.

    Returns the exit code, negative for a signal. The process is ended when this call is interrupted.
    """
    context = multiprocessing.get_context("forkserver")
    receiver, sender = context.Pipe(duplex=False)
    process = context.Process(target=_call, args=(function, job, sender))
    process.start()
    sender.close()
    try:
        for message in _messages(receiver):
            on_message(message)
        process.join()
    except BaseException:
        process.terminate()
        process.join()
        raise
    finally:
        receiver.close()
    return process.exitcode


def describe_exit(code: int | None) -> str:
    """Say in words how a process ended."""
    if code is not None and code < 0:
        name = signal.Signals(-code).name
        hint = "; the system kills the largest process when memory runs out" if name == "SIGKILL" else ""
        return f"the worker process was killed by {name}{hint}"
    return f"the worker process ended with exit code {code} and left no result"


def _call(function: str, job: Any, sender: Connection) -> None:
    try:
        getattr(importlib.import_module(WORKER), function)(job, sender.send)
    except KeyboardInterrupt:
        os._exit(128 + signal.SIGINT)  # the parent was interrupted too, and says so


def _messages(receiver: Connection) -> Iterator[Any]:
    while True:
        try:
            yield receiver.recv()
        except EOFError:
            return


@contextmanager
def _standard_streams(target: int) -> Iterator[None]:
    """Let standard output and error be `target` for a process started meanwhile."""
    saved = {stream: os.dup(stream) for stream in (1, 2)}
    try:
        for stream in saved:
            os.dup2(target, stream)
        yield
    finally:
        for stream, copy in saved.items():
            os.dup2(copy, stream)
            os.close(copy)
