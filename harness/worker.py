"""The worker program: ``python -m harness.worker UNIT.json`` does one unit of work.

Standard output is the stream of its events, one JSON line each; whatever libraries print goes to the unit's log. Any
launcher can start it, and nothing but the unit's file tells it what to do.

``python -m harness.worker --serve`` imports the training stack once, then reads requests, a JSON line each, on standard
input: for ``{"unit": PATH, "folder": CWD, "environment": {NAME: VALUE}}``, where the last are harness's own variables,
it says ``{"taken": true}``, forks a process and says ``{"exit": CODE}`` when that has ended; any other request ends the
process. It ends itself, with what it runs, when standard input is closed. Nothing is computed before the fork: a forked
process cannot use threads or devices that its parent has started. What it prints itself goes where whoever started it
sent standard error: no file is opened by name, since the folder of the run that it was started for may be gone by then.
"""

import contextlib
import faulthandler
import json
import os
import select
import signal
import sys
import threading
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

from harness.execution.events import Body, Event, Refusal
from harness.execution.lifeline import end_with, ended_with_input
from harness.execution.program import OURS, PARENT
from harness.execution.stack import import_stack
from harness.execution.unit import WorkUnit, read_unit
from harness.ledger.claims import working_in
from harness.storage import storage_error

INTERRUPTED = 128 + signal.SIGINT


def main(words: list[str]) -> int:
    """Run the program with the words of its command line and return its exit code."""
    if words == ["--serve"]:
        _serve()
        sys.stderr.flush()
        os._exit(0)  # whoever started it waits, and taking the libraries down takes seconds; nothing is left to write
    if len(words) != 1:
        sys.stderr.write("usage: python -m harness.worker UNIT.json\n")
        return 64
    if PARENT in os.environ:
        end_with(int(os.environ.pop(PARENT)))
    return _run(Path(words[0]), _events_to_standard_output())


def _run(path: Path, events: int) -> int:
    """Do the unit in the file at `path`, writing its events to the descriptor `events`."""
    data = json.loads(path.read_text(encoding="utf-8"))
    # The environment is read by libraries when they are imported, which reading the unit does not do.
    os.environ.update(data.get("environment", {}))
    unit = read_unit(data)
    tell = _teller(unit, events)
    try:
        _log_to(unit.log)
        faulthandler.enable()  # a crash leaves Python's stack in the log
        import_stack()
        from harness.execution.work import perform

        with contextlib.nullcontext() if unit.cell is None else working_in(unit.cell.folder):
            perform(unit, tell)
    except KeyboardInterrupt:
        return INTERRUPTED  # whoever started the worker was interrupted too, and says so
    except OSError as error:
        refused = storage_error(error, unit.log.parent)
        if refused is None:
            raise
        tell(Refusal.of(refused))
    return 0


def _teller(unit: WorkUnit, events: int) -> Callable[[Body], None]:
    one_at_a_time = threading.Lock()  # a thread that watches limits tells too

    def tell(body: Body) -> None:
        line = Event(unit=unit.id, attempt=unit.attempt, cell=unit.cell_id, body=body).line()
        with one_at_a_time, contextlib.suppress(BrokenPipeError):  # nobody listens any more; what is done is in files
            while line:
                line = line[os.write(events, line) :]

    return tell


def _events_to_standard_output() -> int:
    """Keep standard output for events: what libraries print to it goes where standard error goes."""
    events = os.dup(1)
    os.dup2(2, 1)
    return events


def _log_to(log: Path) -> None:
    """Send standard output and error, which events do not use, to the end of the log; its folder is there."""
    target = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
    for stream in (1, 2):
        os.dup2(target, stream)
    os.close(target)


def _serve() -> None:
    """Import everything, then fork a process for each unit that is named on standard input, one after another."""
    events = _events_to_standard_output()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # whoever started this is interrupted too and closes the input
    ended, wakeup = os.pipe()
    for end in (ended, wakeup):
        os.set_blocking(end, False)
    signal.set_wakeup_fd(wakeup)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    with ended_with_input():
        import_stack()  # what the forked processes use

    requests = _Requests()
    while (request := requests.take()) is not None:
        if "unit" in request:
            os.write(events, json.dumps({"taken": True}).encode() + b"\n")
            code = _forked(request, requests, events, ended)
            with contextlib.suppress(BrokenPipeError):  # who asked for it was killed, which the next request says
                os.write(events, json.dumps({"exit": code}).encode() + b"\n")


class _Requests:
    """JSON lines from standard input, each an object: a unit to run, or the word that what runs is to end."""

    def __init__(self) -> None:
        self._read = b""
        self.closed = False

    def take(self) -> dict[str, Any] | None:
        """Wait for the next request and return it; None once the input is closed."""
        while b"\n" not in self._read and not self.closed:
            self.read()
        line, newline, self._read = self._read.partition(b"\n")
        return json.loads(line) if newline else None

    def read(self) -> None:
        """Read what is there."""
        more = os.read(0, 65536)
        self._read += more
        self.closed = not more

    @property
    def waits(self) -> bool:
        """Whether a request was read with the one before it."""
        return b"\n" in self._read


def _forked(request: dict[str, Any], requests: _Requests, events: int, ended: int) -> int:
    """Run a unit in a forked process; return its exit code, negative for a signal.

    A request that comes meanwhile is that it should end, which a training does after the step that it is in; when the
    input is closed nobody waits for it any more, and it is killed.
    """
    server = os.getpid()
    child = os.fork()
    if child == 0:
        end_with(server)
        _as_forked(Path(request["unit"]), Path(request["folder"]), request["environment"], events)
    while True:
        done, status = os.waitpid(child, os.WNOHANG)
        if done:
            return os.waitstatus_to_exitcode(status)
        if not requests.waits:
            ready = _ready(ended, *([] if requests.closed else [0]))
            with contextlib.suppress(BlockingIOError):
                os.read(ended, 4096)
            if 0 not in ready:
                continue
        requests.take()
        os.kill(child, signal.SIGTERM)


def _ready(*descriptors: int) -> set[int]:
    """Wait until one of them can be read or was closed; return all of which that is so."""
    waiting = select.poll()
    for descriptor in descriptors:
        waiting.register(descriptor, select.POLLIN)
    return {descriptor for descriptor, _ in waiting.poll()}


def _as_forked(path: Path, folder: Path, ours: dict[str, str], events: int) -> NoReturn:
    """Become the process of one unit, with harness's own variables as whoever sent the unit has them now."""
    signal.set_wakeup_fd(-1)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    code = 1
    try:
        nothing = os.open(os.devnull, os.O_RDONLY)
        os.dup2(nothing, 0)
        os.chdir(folder)
        for name in [each for each in os.environ if each.startswith(OURS)]:
            del os.environ[name]
        os.environ.update(ours)
        code = _run(path, events)
        sys.stdout.flush()
        sys.stderr.flush()
    except BaseException:  # noqa: BLE001 - a forked process must not return into its parent's code
        traceback.print_exc()
    finally:
        os._exit(code)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
