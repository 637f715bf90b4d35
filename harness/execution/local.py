"""The local executor: worker programs on this machine, one unit a process, as many at once as is declared.

A process of its own gives each cell a clean state, a peak memory of its own to measure, and a death that takes nothing
else along. Importing the training stack takes ten seconds: on a CPU a warm worker imports it once and forks a process
for each unit. A process that is forked after CUDA was initialised cannot use it, and importing peft initialises it, so
on an accelerator every unit is a fresh program.
"""

import atexit
import contextlib
import json
import os
import subprocess
import threading
from collections.abc import Generator, Iterator, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Protocol

from harness.execution._base import Executor, Exit
from harness.execution.events import Event
from harness.execution.program import OURS, PARENT, start_worker, worker_environment
from harness.execution.unit import WorkUnit, write_unit

_ACCELERATORS = ("/dev/nvidiactl", "/dev/nvidia0", "/dev/dxg", "/dev/kfd", "/proc/driver/nvidia/version")
"""Files of a machine with a GPU whose driver is loaded; looked at instead of asking CUDA, which would initialise it."""


class LocalExecutor(Executor):
    """Runs up to `workers` units at once.

    `device` is that of most units, which decides whether warm workers are started: at once, or with the first unit
    where there may be none.
    """

    def __init__(self, log: Path, *, device: str | None = None, workers: int = 1, at_once: bool = True) -> None:
        self.workers = workers
        self._log = log
        self._scratch = TemporaryDirectory(prefix="harness-units-")
        self._running: set[_Running] = set()
        if at_once and not needs_fresh_program(device):
            _warm.start(log, workers)  # they import while the caller still prepares

    def submit(self, unit: WorkUnit) -> Generator[Event | Exit]:
        """Run the unit in a forked process on a CPU, in a fresh program elsewhere."""
        path = write_unit(unit, Path(self._scratch.name) / f"{unit.id}.json")
        return self._fresh(unit, path) if needs_fresh_program(unit.device) else self._forked(unit, path)

    def interrupt(self) -> None:
        """End every unit that is running."""
        for each in tuple(self._running):
            each.end()

    def close(self) -> None:
        """Let go of the units' files; warm workers stay for the next run of this process and end with it."""
        self._scratch.cleanup()

    def _forked(self, unit: WorkUnit, path: Path) -> Generator[Event | Exit]:
        """Have a warm worker fork a process for the unit; one that dies before it takes the unit is replaced once."""
        with _warm.taken(self._log) as worker, self._noted(worker):
            if (yield from worker.run(unit, path)):
                return
        with _warm.taken(self._log) as worker, self._noted(worker):
            if not (yield from worker.run(unit, path)):
                yield Exit(unit.id, worker.ended())

    def _fresh(self, unit: WorkUnit, path: Path) -> Generator[Event | Exit]:
        """Run the unit as a program of its own."""
        process = start_worker(
            [path], {**worker_environment(unit.sees, unit.environment), PARENT: str(os.getpid())}, unit.log
        )
        with self._noted(_Program(process)):
            yield from _read(unit, process)

    @contextlib.contextmanager
    def _noted(self, running: "_Running") -> Iterator[None]:
        self._running.add(running)
        try:
            yield
        finally:
            self._running.discard(running)


def needs_fresh_program(device: str | None) -> bool:
    """Tell whether units on `device` cannot be forked from a warm worker; None is whatever the machine has."""
    if device is not None:
        return device.partition(":")[0] != "cpu"  # nothing that imports torch is asked here
    return accelerator_present()


def accelerator_present() -> bool:
    """Tell whether this machine seems to have a GPU, without asking a library that would initialise it."""
    if os.environ.get("CUDA_VISIBLE_DEVICES") == "":
        return False
    return any(Path(name).exists() for name in _ACCELERATORS)


class _Running(Protocol):
    """A unit's process that can be ended."""

    def end(self) -> None:
        """End it."""


class _Program:
    """The program of one unit."""

    def __init__(self, process: "subprocess.Popen[bytes]") -> None:
        self._process = process

    def end(self) -> None:
        """End it."""
        self._process.terminate()


def _read(unit: WorkUnit, process: "subprocess.Popen[bytes]") -> Generator[Event | Exit]:
    """Yield what a program tells; where this is broken off, it is ended."""
    assert process.stdout is not None
    try:
        for line in process.stdout:
            yield Event.parse(line)
        yield Exit(unit.id, process.wait())
    finally:
        if process.poll() is None:
            process.terminate()
            process.wait()
        process.stdout.close()


class _Warm:
    """A worker that has imported everything and forks a process for each unit that it is told on standard input.

    One serves all runs of a process that have the same environment: a unit's process writes to its own log. What our
    own variables say is read when it is used, not when a library is imported, and goes with each unit.
    """

    def __init__(self, log: Path) -> None:
        self._environment = _own_environment()
        self._process = start_worker(["--serve"], worker_environment("cpu"), log, stdin=subprocess.PIPE)

    @property
    def fits(self) -> bool:
        """Whether it lives, and was started with the environment that this process has now.

        It may be about to die all the same, which shows in `run`.
        """
        return self._process.poll() is None and self._environment == _own_environment()

    def run(self, unit: WorkUnit, path: Path) -> Generator[Event | Exit, None, bool]:
        """Let the worker fork a process for the unit; where this is broken off, that process is ended.

        Return whether the worker took it. One that died before that has done nothing of it.
        """
        ended = taken = False
        try:
            self._say({"unit": str(path), "folder": str(Path.cwd()), "environment": _ours()})
            taken = self._takes()
            for told in self._told(unit) if taken else ():
                ended = isinstance(told, Exit)
                yield told
        finally:
            if not ended:
                self.end()
                for _ in self._told(unit):
                    pass
        return taken

    def ended(self) -> int:
        """Return the exit code of a worker that has died."""
        return self._process.wait()

    def end(self) -> None:
        """End the process of the unit that is running."""
        self._say({"end": True})

    def close(self) -> None:
        """Close the worker's standard input, at which it ends what it runs and itself."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        with contextlib.suppress(BrokenPipeError):
            self._process.stdin.close()
        self._process.wait()
        self._process.stdout.close()

    def _say(self, words: Mapping[str, object]) -> None:
        assert self._process.stdin is not None
        with contextlib.suppress(BrokenPipeError):  # it died, which shows in what it tells no more
            self._process.stdin.write(json.dumps(words).encode() + b"\n")
            self._process.stdin.flush()

    def _takes(self) -> bool:
        """Wait until the worker has imported everything and takes a unit; False where it dies before that."""
        assert self._process.stdout is not None
        return bool(self._process.stdout.readline())

    def _told(self, unit: WorkUnit) -> Iterator[Event | Exit]:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            said = json.loads(line)
            if "exit" in said:
                yield Exit(unit.id, int(said["exit"]))
                return
            if "taken" not in said:  # as where this was broken off before the worker had imported everything
                yield Event.parse(line)
        yield Exit(unit.id, self._process.wait())


class _Pool:
    """The warm workers of this process that have nothing to do."""

    def __init__(self) -> None:
        self._idle: list[_Warm] = []
        self._lock = threading.Lock()

    def start(self, log: Path, count: int) -> None:
        """See that there are `count` at least; a new one logs to `log`."""
        with self._lock:
            self._drop_misfits()
            self._idle += [self._new(log) for _ in range(count - len(self._idle))]

    @contextlib.contextmanager
    def taken(self, log: Path) -> Iterator[_Warm]:
        """Lend a worker for the block, a new one where there is none that fits."""
        with self._lock:
            self._drop_misfits()
            worker = self._idle.pop() if self._idle else self._new(log)
        try:
            yield worker
        finally:
            with self._lock:
                self._idle.append(worker)

    def _drop_misfits(self) -> None:
        """Close those that have died or were started with another environment."""
        for worker in [each for each in self._idle if not each.fits]:
            self._idle.remove(worker)
            atexit.unregister(worker.close)
            worker.close()

    @staticmethod
    def _new(log: Path) -> _Warm:
        worker = _Warm(log)
        atexit.register(worker.close)
        return worker


_warm = _Pool()


def _own_environment() -> dict[str, str]:
    """Return the environment as far as a worker's libraries may read it when they are imported."""
    return {
        name: value for name, value in os.environ.items() if name not in _OF_NO_MATTER and not name.startswith(OURS)
    }


def _ours() -> dict[str, str]:
    """Return harness's own variables, such as what a command trusts."""
    return {name: value for name, value in os.environ.items() if name.startswith(OURS)}


_OF_NO_MATTER = frozenset({"PWD", "OLDPWD", "SHLVL", "_", "COLUMNS", "LINES", "PYTEST_CURRENT_TEST"})
