"""The programs of a training by several processes.

``python -m harness.launched --start WORK.json`` is the launcher: accelerate's own, which starts the processes and ends
all of them when one fails. ``python -m harness.launched WORK.json`` is each of these. All train; the first tells events
on standard output, looks at what was trained, and saves it. A process ends with the launcher, the launcher with whoever
started it.
"""

import contextlib
import faulthandler
import os
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NoReturn

from harness.execution.clock import Clock
from harness.execution.events import Body, Event
from harness.execution.launch import CONFIG, DONE, FAILED, KILLED, Launch
from harness.execution.lifeline import end_with
from harness.execution.program import PARENT
from harness.execution.stack import import_stack


def main(words: list[str]) -> int:
    """Run one of the programs with the words of its command line and return its exit code."""
    if words[:1] == ["--start"] and words[1:]:
        end_with(int(os.environ.pop(PARENT)))
        return _start(Path(words[1]))
    if len(words) != 1:
        sys.stderr.write("usage: python -m harness.launched [--start] WORK.json\n")
        return 64
    end_with(os.getppid())
    _Member(Launch.read(Path(words[0])), int(os.environ["RANK"])).run()
    return 0


def _start(path: Path) -> int:
    """Let accelerate start the processes and wait for them; note which of them was killed, if one was."""
    from accelerate.commands.launch import launch_command, launch_command_parser
    from torch.distributed.elastic.multiprocessing.errors import ChildFailedError

    config = path.parent / CONFIG
    words = ["--config_file", str(config), "--module", "harness.launched", str(path)]
    try:
        launch_command(launch_command_parser().parse_args(words))
    except ChildFailedError as error:
        codes = {place: failure.exitcode for place, failure in error.failures.items()}
        # The launcher itself ends those that are left, by SIGTERM.
        killed = [place for place, code in codes.items() if code < 0 and -code != signal.SIGTERM]
        for place in killed[:1]:
            said = f"process {place} of the {Launch.read(path).processes} that train was killed by "
            (path.parent / KILLED).write_text(said + signal.Signals(-codes[place]).name, encoding="utf-8")
        return 1
    return 0


class _Member:
    """One of the processes that train."""

    def __init__(self, asked: Launch, place: int) -> None:
        self._asked = asked
        self._place = place
        self._events = os.dup(1)
        os.dup2(2, 1)  # whatever libraries print goes to the log
        self._clock = Clock(self._tell, stage="launch")
        self._clock.add("launch", time.monotonic() - asked.began)

    def run(self) -> None:
        """Train with the others. Whatever goes wrong is noted, and ends all of them."""
        faulthandler.enable()
        import_stack()
        from harness.execution.limits import Limits, watched
        from harness.execution.work import failure_of
        from harness.records import CellFailure

        work = self._asked.work
        limits = Limits(memory=work.experiment.execute.memory_limit_bytes)
        try:
            with watched(
                limits,
                lambda passed: self._fail(
                    CellFailure(cell=work.planned.cell, kind=passed[0], stage=self._clock.stage, message=passed[1])
                ),
            ):
                self._train()
        except Exception as error:  # noqa: BLE001 - told as the cell's failure
            self._fail(failure_of(work, error, self._clock.stage))

    def _train(self) -> None:
        import torch

        from harness.execution import cell_record
        from harness.execution.course import course_of
        from harness.execution.part import Part, train_part
        from harness.ledger.outcomes import Training, write_training
        from harness.methods import store

        asked, work, first = self._asked, self._asked.work, self._place == 0
        torch.set_num_threads(asked.threads)
        assert work.recipe is not None
        stage = work.recipe.parts[asked.place]
        seen = work.for_stage(stage)
        with _joined(work.device):
            course = course_of(seen, stage.trained, self._clock)
            part = Part(
                work=seen,
                whole=work.recipe,
                place=asked.place,
                state=asked.state,
                course=course,
                processes=asked.processes,
                first=first,
            )
            adapted, record = train_part(part, self._clock, validated=asked.validated)
        if first:
            self._clock.enter("save")
            store.save(adapted, store.stage_folder(asked.state, work.recipe, asked.place))
            costs = cell_record.costs(work.device, self._clock.so_far())
            write_training(asked.folder / DONE, Training(train_info=record, costs=costs))

    def _tell(self, body: Body) -> None:
        if self._place == 0:
            line = self._event(body).line()
            while line:
                line = line[os.write(self._events, line) :]

    def _event(self, body: Body) -> Event:
        cell = self._asked.work.planned.cell.id
        return Event(unit=cell, attempt=1, cell=cell, body=body)

    def _fail(self, body: Body) -> NoReturn:
        (self._asked.folder / FAILED.format(self._place)).write_bytes(self._event(body).line())
        sys.stderr.flush()
        os._exit(1)  # another process may never come to what this one is to wait for


@contextlib.contextmanager
def _joined(device: str) -> Iterator[None]:
    """Within the block this process is one of those that train, and has its own accelerator where there is one."""
    import torch
    from accelerate import PartialState

    PartialState(cpu=device == "cpu")
    yield
    torch.distributed.destroy_process_group()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
