"""The local executor: worker programs on this machine, one unit a process.

A process of its own gives each cell a clean state, a peak memory of its own to measure, and a death that takes nothing
else along. Importing the training stack takes ten seconds: on a CPU a warm worker imports it once and forks a process
for each unit. A process that is forked after CUDA was initialised cannot use it, and importing peft initialises it, so
on an accelerator every unit is a fresh program.
"""

import json
import os
import subprocess
import sys
from collections.abc import Generator, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

import harness
from harness.errors import UsageError
from harness.execution._base import Executor, Exit
from harness.execution.events import Event
from harness.execution.unit import WorkUnit, write_unit

_QUIET = {
    "TOKENIZERS_PARALLELISM": "false",
    "HF_HUB_DISABLE_PROGRESS_BARS": "1",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "BITSANDBYTES_NOWELCOME": "1",
}
_NO_ACCELERATOR = {"CUDA_VISIBLE_DEVICES": "", "HIP_VISIBLE_DEVICES": ""}
_ACCELERATORS = ("/dev/nvidiactl", "/dev/nvidia0", "/dev/dxg", "/dev/kfd", "/proc/driver/nvidia/version")
"""Files of a machine with a GPU whose driver is loaded; looked at instead of asking CUDA, which would initialise it."""


class LocalExecutor(Executor):
    """Runs one unit after another. `remedy` ends the error that says that the folder of `log` cannot be written."""

    def __init__(self, log: Path, *, remedy: str = "", device: str | None = None) -> None:
        try:
            log.parent.mkdir(parents=True, exist_ok=True)
            log.open("ab").close()
        except OSError as error:
            raise UsageError(f"{log.parent} cannot be written ({error.strerror}). {remedy}") from error
        self._log = log
        self._scratch = TemporaryDirectory(prefix="harness-units-")
        self._warm: _Warm | None = None
        if not needs_fresh_program(device):
            self._warm_worker()  # it imports while the caller still prepares

    def submit(self, unit: WorkUnit) -> Generator[Event | Exit]:
        """Run the unit in a forked process on a CPU, in a fresh program elsewhere."""
        folder = Path(self._scratch.name) if unit.cell is None else unit.cell.folder
        path = write_unit(unit, folder / "unit.json")
        if needs_fresh_program(unit.device):
            return _fresh(unit, path)
        return self._warm_worker().run(unit, path)

    def close(self) -> None:
        """End the warm worker, and with it what it runs."""
        if self._warm is not None:
            self._warm.close()
        self._scratch.cleanup()

    def _warm_worker(self) -> "_Warm":
        if self._warm is None or not self._warm.alive:
            self._warm = _Warm(self._log)
        return self._warm


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


def environment_of(device: str | None) -> Mapping[str, str]:
    """Return the environment variables that give a unit's process its one device."""
    kind, _, index = (device or "").partition(":")
    if kind == "cpu":
        return _NO_ACCELERATOR
    if kind == "cuda":
        visible = os.environ.get("CUDA_VISIBLE_DEVICES", "")
        devices = visible.split(",") if visible else []
        place = int(index or 0)
        return {"CUDA_VISIBLE_DEVICES": devices[place] if place < len(devices) else str(place)}
    return {}


def _fresh(unit: WorkUnit, path: Path) -> Generator[Event | Exit]:
    """Run the unit as a program of its own."""
    process = _start([str(path)], {**environment_of(unit.device), **unit.environment}, unit.log)
    try:
        assert process.stdout is not None
        for line in process.stdout:
            yield Event.parse(line)
        yield Exit(unit.id, process.wait())
    finally:
        if process.poll() is None:
            process.terminate()
            process.wait()


class _Warm:
    """A worker that has imported everything and forks a process for each unit that it is told on standard input."""

    def __init__(self, log: Path) -> None:
        self._process = _start(["--serve", str(log)], _NO_ACCELERATOR, log, stdin=subprocess.PIPE)

    @property
    def alive(self) -> bool:
        return self._process.poll() is None

    def run(self, unit: WorkUnit, path: Path) -> Generator[Event | Exit]:
        """Let the worker fork a process for the unit; where this is broken off, the worker ends with it."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        ended = False
        try:
            self._process.stdin.write(os.fsencode(path) + b"\n")
            self._process.stdin.flush()
            for line in self._process.stdout:
                code = _exit_code(line)
                if code is not None:
                    ended = True
                    yield Exit(unit.id, code)
                    return
                yield Event.parse(line)
            yield Exit(unit.id, self._process.wait())
        except BrokenPipeError:
            yield Exit(unit.id, self._process.wait())
        finally:
            if not ended:
                self.close()

    def close(self) -> None:
        """Close the worker's standard input, at which it ends what it runs and itself."""
        if self._process.stdin is not None and not self._process.stdin.closed:
            self._process.stdin.close()
        self._process.wait()
        if self._process.stdout is not None:
            self._process.stdout.close()


def _exit_code(line: bytes) -> int | None:
    """Return the exit code of a forked process, from the line in which a warm worker says it."""
    said = json.loads(line)
    return int(said["exit"]) if "exit" in said else None


def _start(
    words: list[str], environment: Mapping[str, str], log: Path, *, stdin: int = subprocess.DEVNULL
) -> "subprocess.Popen[bytes]":
    """Start a worker program. Its own folder is kept off the module path: a user's folder may hold a `torch.py`."""
    home = str(Path(harness.__file__).resolve().parent.parent)
    path = os.pathsep.join([home, *filter(None, [os.environ.get("PYTHONPATH")])])
    with log.open("ab") as output:
        return subprocess.Popen(  # noqa: S603 - our own program, arguments without a shell
            [sys.executable, "-P", "-m", "harness.worker", *words],
            stdin=stdin,
            stdout=subprocess.PIPE,
            stderr=output,
            env={**_QUIET, **os.environ, **environment, "PYTHONPATH": path},
        )
