"""The local executor: worker programs on this machine, one unit a process.

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
from collections.abc import Generator, Iterator, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import ClassVar

from harness.execution._base import Executor, Exit
from harness.execution.events import Event
from harness.execution.program import worker_command, worker_environment
from harness.execution.unit import WorkUnit, write_unit

_ACCELERATORS = ("/dev/nvidiactl", "/dev/nvidia0", "/dev/dxg", "/dev/kfd", "/proc/driver/nvidia/version")
"""Files of a machine with a GPU whose driver is loaded; looked at instead of asking CUDA, which would initialise it."""


class LocalExecutor(Executor):
    """Runs one unit after another. `device` is that of most units, which decides whether a warm worker is started."""

    def __init__(self, log: Path, *, device: str | None = None) -> None:
        self._log = log
        self._scratch = TemporaryDirectory(prefix="harness-units-")
        if not needs_fresh_program(device):
            _Warm.of_this_process(log)  # it imports while the caller still prepares

    def submit(self, unit: WorkUnit) -> Generator[Event | Exit]:
        """Run the unit in a forked process on a CPU, in a fresh program elsewhere."""
        path = write_unit(unit, Path(self._scratch.name) / f"{unit.id}.json")
        if needs_fresh_program(unit.device):
            return _fresh(unit, path)
        return _Warm.of_this_process(self._log).run(unit, path)

    def close(self) -> None:
        """Let go of the units' files; a warm worker stays for the next run of this process and ends with it."""
        self._scratch.cleanup()


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


def _fresh(unit: WorkUnit, path: Path) -> Generator[Event | Exit]:
    """Run the unit as a program of its own."""
    process = _start([path], worker_environment(unit.device, unit.environment), unit.log)
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

    One serves all runs of a process that have the same environment: a unit's process writes to its own log.
    """

    _current: "ClassVar[_Warm | None]" = None

    def __init__(self, log: Path) -> None:
        self._environment = _own_environment()
        self._process = _start(["--serve", log], worker_environment("cpu"), log, stdin=subprocess.PIPE)

    @classmethod
    def of_this_process(cls, log: Path) -> "_Warm":
        """Return the warm worker, a new one where there is none or it no longer fits; that one logs to `log`."""
        if cls._current is not None and not cls._current.fits:
            atexit.unregister(cls._current.close)
            cls._current.close()
            cls._current = None
        if cls._current is None:
            cls._current = cls(log)
            atexit.register(cls._current.close)
        return cls._current

    @property
    def fits(self) -> bool:
        """Whether it lives, and was started with the environment that this process has now."""
        return self._process.poll() is None and self._environment == _own_environment()

    def run(self, unit: WorkUnit, path: Path) -> Generator[Event | Exit]:
        """Let the worker fork a process for the unit; where this is broken off, that process is ended."""
        ended = False
        try:
            self._say({"unit": str(path), "folder": str(Path.cwd())})
            for told in self._told(unit):
                ended = isinstance(told, Exit)
                yield told
        finally:
            if not ended:
                self._say({"end": True})
                for _ in self._told(unit):
                    pass

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

    def _told(self, unit: WorkUnit) -> Iterator[Event | Exit]:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            code = _exit_code(line)
            if code is not None:
                yield Exit(unit.id, code)
                return
            yield Event.parse(line)
        yield Exit(unit.id, self._process.wait())


def _own_environment() -> dict[str, str]:
    """Return the environment as far as a worker's libraries may read it."""
    return {name: value for name, value in os.environ.items() if name not in _OF_NO_MATTER}


_OF_NO_MATTER = frozenset({"PWD", "OLDPWD", "SHLVL", "_", "COLUMNS", "LINES", "PYTEST_CURRENT_TEST"})


def _exit_code(line: bytes) -> int | None:
    """Return the exit code of a forked process, from the line in which a warm worker says it."""
    said = json.loads(line)
    return int(said["exit"]) if "exit" in said else None


def _start(
    words: list[str | Path], environment: Mapping[str, str], log: Path, *, stdin: int = subprocess.DEVNULL
) -> "subprocess.Popen[bytes]":
    with log.open("ab") as output:
        return subprocess.Popen(  # noqa: S603 - our own program, arguments without a shell
            worker_command(*words), stdin=stdin, stdout=subprocess.PIPE, stderr=output, env=environment
        )
