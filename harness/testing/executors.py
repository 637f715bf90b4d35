"""What every executor must keep to; see `harness.execution.Executor` for the contract in words.

::

    class TestMine(ExecutorContract):
        @pytest.fixture
        def executor(self, log):
            with MyExecutor(log, queue="short") as opened:
                yield opened
"""

import os
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from harness.execution import Event, Executor, Exit, WorkUnit
from harness.execution.events import StageEntered
from harness.preflight.prepared import Prepared
from harness.spec import load
from harness.spec.records import Experiment
from harness.testing.tiny import write_tiny_tokenizer
from harness.testing.tiny_spec import write_tiny_spec


class ExecutorContract:
    """Inherit this in a test module under a name that begins with ``Test`` and give the fixture `executor`.

    Each test has a unit done that prepares an experiment on stand-ins; `patience` is for how many seconds one is waited
    for. A process that belongs to a unit is looked for on this machine, by its id.
    """

    patience = 120.0

    @pytest.fixture
    def log(self, tmp_path: Path) -> Path:
        """Return the log of the run for which the executor is opened, an empty file in a folder of its own."""
        file = tmp_path / "run" / "log.txt"
        file.parent.mkdir()
        file.touch()
        return file

    @pytest.fixture
    def executor(self, log: Path) -> Executor:
        """Return the executor, opened for a run that logs to `log`."""
        raise NotImplementedError

    @pytest.fixture
    def experiment(self, tmp_path: Path) -> Experiment:
        """Return an experiment on stand-ins, whose units can be prepared without a network."""
        return load(write_tiny_spec(tmp_path, write_tiny_tokenizer(tmp_path / "tokenizer")))

    @pytest.fixture
    def unit(self, experiment: Experiment, log: Path) -> WorkUnit:
        """Return a unit of work that prepares the experiment."""
        return WorkUnit(
            id="prepare",
            kind="prepare",
            log=log,
            attempt=3,
            device="cpu",
            threads=1,
            environment={"SAID_BY_THE_UNIT": "something of its own"},
            experiment=experiment,
        )

    def test_a_unit_tells_its_events_and_then_its_exit(self, executor: Executor, unit: WorkUnit, log: Path) -> None:
        """In their order; the unit's environment is set, what libraries print is in the log, and no file is beside it.

        A unit before it whose program cannot read its file takes nothing along.
        """
        failed, code = _done(executor, replace(unit, id="unreadable", threads=0.5))  # type: ignore[arg-type]
        assert (failed, code.code) == ([], 1)
        _in_the_loader(unit, "import os\nprint('printed:', os.environ['SAID_BY_THE_UNIT'])\n")
        events, last = _done(executor, unit)
        assert last == Exit(unit.id, 0)
        assert {(each.unit, each.attempt, each.cell) for each in events} == {(unit.id, unit.attempt, None)}
        bodies = [each.body for each in events]
        assert StageEntered("model") in bodies
        assert isinstance(bodies[-1], Prepared)
        assert (bodies[-1].device, bodies[-1].threads) == ("cpu", 1)
        assert "printed: something of its own" in log.read_text(encoding="utf-8")
        assert list(log.parent.iterdir()) == [log]

    def test_a_process_that_is_killed_shows_in_the_exit(self, executor: Executor, unit: WorkUnit) -> None:
        """As one is that takes too much memory; it is no exception."""
        _in_the_loader(unit, "import os\nos.kill(os.getpid(), 9)\n")
        events, last = _done(executor, unit)
        assert last.code != 0
        assert str(last)
        assert [each for each in events if isinstance(each.body, Prepared)] == []

    def test_what_is_broken_off_leaves_no_process(self, executor: Executor, unit: WorkUnit, tmp_path: Path) -> None:
        """Closing the iterator ends the unit's process."""
        told = tmp_path / "process"
        _in_the_loader(
            unit,
            "import os, time\n"
            "from harness.ledger.files import write_text\n"
            "from pathlib import Path\n"
            f"write_text(Path({str(told)!r}), str(os.getpid()))\n"
            "time.sleep(600)\n",
        )
        events = executor.submit(unit)
        for each in events:
            if isinstance(each, Event) and each.body == StageEntered("data"):
                break
        _wait_until(told.exists, self.patience)
        events.close()
        process = int(told.read_text(encoding="utf-8"))
        _wait_until(lambda: not _lives(process), self.patience)

    def test_it_can_be_closed_again(self, executor: Executor) -> None:
        """Whoever opened it in a `with` statement and closed it inside made no mistake."""
        executor.close()
        executor.close()


def _done(executor: Executor, unit: WorkUnit) -> tuple[list[Event], Exit]:
    """Have the unit done, and return its events and its exit, which comes once and last."""
    *told, last = executor.submit(unit)
    assert isinstance(last, Exit)
    events = [each for each in told if isinstance(each, Event)]
    assert len(events) == len(told)
    return events, last


def _loader(unit: WorkUnit) -> Path:
    """Return the file of the stand-in task that a unit imports when it comes to the data."""
    assert unit.experiment is not None
    return unit.experiment.file.parent / "tasks" / "sums" / "loader.py"


def _in_the_loader(unit: WorkUnit, code: str) -> None:
    loader = _loader(unit)
    loader.write_text(f"{loader.read_text(encoding='utf-8')}\n{code}", encoding="utf-8")


def _wait_until(holds: Callable[[], bool], patience: float) -> None:
    until = time.monotonic() + patience
    while not holds():
        assert time.monotonic() < until, "waited in vain"
        time.sleep(0.05)


def _lives(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True
