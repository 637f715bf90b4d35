"""Two ways of doing a thing, measured in turns, so that a busy machine slows both alike.

Seconds on the wall are what a user waits; seconds of the CPU are what was computed, which other work on the machine
changes little where each side has one thread. Figures of a busy machine are ratios of the latter.
"""

import contextlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryFile
from types import TracebackType
from typing import Any, Self, TypeVar

T = TypeVar("T")
Side = TypeVar("Side")


@dataclass(frozen=True, slots=True)
class Taken:
    """Wall and CPU seconds."""

    wall: float
    cpu: float

    def __add__(self, other: "Taken") -> "Taken":
        """Return both, one after the other."""
        return Taken(self.wall + other.wall, self.cpu + other.cpu)


@dataclass(frozen=True, slots=True)
class Ended:
    """A command that has ended: what it printed, what it took with its children, and its peak memory in bytes."""

    printed: str
    taken: Taken
    peak: int


class Clock:
    """Measures from its making on, in this process."""

    def __init__(self) -> None:
        self._wall, self._cpu = time.perf_counter(), time.process_time()

    @property
    def taken(self) -> Taken:
        """What it has been since."""
        return Taken(time.perf_counter() - self._wall, time.process_time() - self._cpu)


def in_turns(sides: Sequence[Side], run: Callable[[Side], T], *, turns: int) -> dict[Side, list[T]]:
    """Run every side once a turn; every second turn goes backwards, so that none is always the first."""
    found: dict[Side, list[T]] = {side: [] for side in sides}
    for turn in range(turns):
        for side in sides if turn % 2 == 0 else reversed(sides):
            found[side].append(run(side))
    return found


def ended(words: Sequence[str | Path], *, environment: Mapping[str, str] | None = None) -> Ended:
    """Run a command to its end; what it says is shown, and the benchmark ends, where it fails."""
    began = time.perf_counter()
    with subprocess.Popen(
        [str(word) for word in words],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env=None if environment is None else dict(environment),
    ) as process:
        assert process.stdout is not None
        printed = process.stdout.read()
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    taken = Taken(time.perf_counter() - began, usage.ru_utime + usage.ru_stime)
    if process.returncode:
        raise SystemExit(f"{' '.join(map(str, words))} ended with {process.returncode}:\n{printed}")
    scale = 1 if sys.platform == "darwin" else 1024
    return Ended(printed, taken, usage.ru_maxrss * scale)


class Hand:
    """A process with an environment of its own that calls one function as often as it is asked.

    Environments are fixed when a process starts, and importing torch takes longer than a step: two hands are asked in
    turns. `function` is ``module:name``; it takes and returns JSON values. As a context manager it ends the process.
    """

    def __init__(self, function: str, environment: Mapping[str, str]) -> None:
        self._said = TemporaryFile("w+")  # noqa: SIM115 - libraries chat; it is read where the process dies
        self._process = subprocess.Popen(
            [sys.executable, "-m", "benchmarks._turns", function],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._said,
            env=dict(environment),
            text=True,
        )

    def __call__(self, **asked: Any) -> Any:
        """Ask for one call and return its value."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(asked) + "\n")
        self._process.stdin.flush()
        answer = self._process.stdout.readline()
        if not answer:
            code = self._process.wait()
            self._said.seek(0)
            raise SystemExit(f"what was measured ended with {code}:\n{self._said.read()[-4000:]}")
        return json.loads(answer)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        with contextlib.suppress(BrokenPipeError):
            self._process.stdin.close()
        self._process.wait()
        self._process.stdout.close()
        self._said.close()


def _serve(function: str) -> None:
    """Answer on standard output, which what is called does not get: libraries print into it."""
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    module, _, name = function.partition(":")
    called = getattr(__import__(module, fromlist=[name]), name)
    for line in sys.stdin:
        print(json.dumps(called(**json.loads(line))), file=answers, flush=True)


if __name__ == "__main__":
    _serve(sys.argv[1])
