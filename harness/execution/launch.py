"""A training by several processes: started, listened to, and what they come to taken, by the process of its cell.

The cell's process loads no model meanwhile. The launcher's program (`harness.launched`) is its child, and the processes
of the training are the launcher's: each ends with whoever started it. Only the first of them tells events, on standard
output; what came of the training lies in a folder of its own when the launcher has ended.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import torch

from harness.codec import JSON, decode, encode
from harness.errors import HarnessError
from harness.execution.clock import Clock
from harness.execution.events import Body, Event, Refusal
from harness.execution.program import PARENT
from harness.execution.unit import CellWork
from harness.ledger.outcomes import Training, read_training
from harness.records import CellFailure
from harness.spec.launch import is_of_processors, processes_of

WORK, CONFIG, DONE = "work.json", "config.json", "trained.json"
FAILED = "failed-{}.json"
"""The file of a process that failed, by its place."""
KILLED = "killed.txt"
"""Says which process was killed, and by what."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Launch:
    """What the processes of one training are told: the training at `place` of a cell's recipe, saved below `state`.

    What came of it is put into `folder`; `threads` is what torch computes with in each process, `began` the time at
    which the launch did, by the clock that all processes of a machine share (`time.monotonic`).
    """

    work: CellWork
    place: int
    state: Path
    folder: Path
    threads: int
    began: float
    validated: bool = False

    @property
    def processes(self) -> int:
        """How many processes train."""
        return processes_of(self.work.experiment.execute)

    def write(self) -> Path:
        """Write what the processes and the launcher read, and return the path of the former."""
        path = self.folder / WORK
        path.write_text(json.dumps(encode(self)), encoding="utf-8")
        (self.folder / CONFIG).write_text(json.dumps(as_read(self.work.experiment.execute.config)), encoding="utf-8")
        return path

    @classmethod
    def read(cls, path: Path) -> "Launch":
        """Return what `write` wrote."""
        return decode(cls, json.loads(path.read_text(encoding="utf-8")))


def as_read(config: Mapping[str, JSON]) -> dict[str, JSON]:
    """Return accelerate's config as its launcher takes it.

    Of ``MULTI_CPU`` it starts one process and leaves the others to MPI; as ``MULTI_GPU`` with `use_cpu` torch's own
    launcher starts them all, and they exchange by gloo all the same.
    """
    gpus = config.get("gpu_ids")
    return {
        **config,
        "distributed_type": "MULTI_GPU",
        "use_cpu": is_of_processors(config),
        "main_process_port": config.get("main_process_port") or 0,
        "num_machines": 1,
        "gpu_ids": "all" if gpus is None else str(gpus),
        "mixed_precision": "no",
    }


class LaunchError(HarnessError):
    """A training by several processes failed: `failure` is that of the process that failed first."""

    def __init__(self, failure: CellFailure) -> None:
        self.failure = failure
        super().__init__(failure.message)


def launched(work: CellWork) -> bool:
    """Tell whether several processes train the cell."""
    return processes_of(work.experiment.execute) > 1


def launch(work: CellWork, place: int, clock: Clock, *, state: Path, validated: bool = False) -> Training:
    """Have several processes train what `work`'s recipe has at a place, and return what the first noted of it.

    It is saved below `state`. The threads of this process are shared among them. Raises `LaunchError` where one failed,
    and `HarnessError` where the disk refused.
    """
    clock.enter("launch")
    threads = max(1, torch.get_num_threads() // processes_of(work.experiment.execute))
    with tempfile.TemporaryDirectory(prefix="harness-launch-") as name:
        asked = Launch(
            work=work,
            place=place,
            state=state,
            folder=Path(name),
            threads=threads,
            began=time.monotonic(),
            validated=validated,
        )
        code = _run(asked.write(), clock)
        done = asked.folder / DONE
        if code or not done.exists():
            raise failure(asked, code, clock.stage)
        training = read_training(done)
    clock.since = time.perf_counter()  # the seconds of the first process have what passed, and earlier starts
    for stage, seconds in training.costs.seconds.items():
        clock.add(stage, seconds)
    return training


def _run(path: Path, clock: Clock) -> int:
    """Start the launcher, pass on what the first process tells, and return the launcher's exit code."""
    # The folder that this is started in is kept off the module path, in each process: see `worker_command`.
    environment = {**os.environ, PARENT: str(os.getpid()), "PYTHONSAFEPATH": "1"}
    command = [sys.executable, "-m", "harness.launched", "--start", str(path)]
    process = subprocess.Popen(  # noqa: S603 - our own program, arguments without a shell
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, env=environment
    )
    assert process.stdout is not None
    try:
        for line in process.stdout:
            _hear(line, clock)
        return process.wait()
    finally:
        if process.poll() is None:
            process.kill()  # its processes end with it
            process.wait()
        process.stdout.close()


def _hear(line: bytes, clock: Clock) -> None:
    try:
        event = Event.parse(line)
    except (ValueError, KeyError, TypeError):  # what the launcher itself prints belongs into the log
        sys.stderr.write(line.decode(errors="replace"))
        return
    clock.tell(event.body)


def failure(asked: Launch, code: int, stage: str) -> HarnessError:
    """Return the error of a launch that left no result: what killed a process, or what the first that failed says."""
    killed = asked.folder / KILLED
    cell = asked.work.planned.cell
    if killed.exists():
        return LaunchError(CellFailure(cell=cell, kind="killed", stage=stage, message=killed.read_text("utf-8")))
    body = next(_said(asked.folder), None)
    if isinstance(body, Refusal):
        return body.error()
    if isinstance(body, CellFailure):
        return LaunchError(body)
    said = f"the launch of {asked.processes} processes ended with exit code {code} and left no result; see the log"
    return LaunchError(CellFailure(cell=cell, kind="killed", stage=stage, message=said))


def _said(folder: Path) -> Iterator[Body]:
    """Yield what processes that failed say, the first that failed first: the others lost it, and failed of that."""
    for path in sorted(folder.glob(FAILED.format("*")), key=lambda each: each.stat().st_mtime_ns):
        yield Event.parse(path.read_bytes()).body
