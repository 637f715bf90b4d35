"""Units side by side: each place is taken once, all that is told arrives, and nothing is left running."""

import threading
import time

import pytest

from harness.errors import HarnessError
from harness.execution import Event, Executor, Exit, WorkUnit
from harness.execution.crew import Crew
from harness.execution.events import StageEntered


class Made(Executor):
    """Runs units that tell three stages; one called ``endless`` runs until it is interrupted."""

    def __init__(self, workers):
        self.workers = workers
        self.at_once = self.most = 0
        self.ended = []
        self._over = threading.Event()
        self._together = threading.Barrier(workers, timeout=20) if workers > 1 else None

    def submit(self, unit):
        if unit.id == "refused":
            raise HarnessError("no room")
        self.at_once += 1
        self.most = max(self.most, self.at_once)
        try:
            if self._together is not None and unit.id.startswith("together"):
                self._together.wait()
            for name in ("load", "train", "evaluate"):
                yield Event(unit=unit.id, attempt=1, cell=unit.id, body=StageEntered(name))
            while unit.id == "endless" and not self._over.wait(0.01):
                yield Event(unit=unit.id, attempt=1, cell=unit.id, body=StageEntered("again"))
            yield Exit(unit.id, 0)
        finally:
            self.at_once -= 1
            self.ended.append(unit.id)

    def interrupt(self):
        self._over.set()


def unit(name, tmp_path):
    return WorkUnit(id=name, kind="prepare", log=tmp_path / "log")


@pytest.mark.parametrize("workers", [1, 2, 3])
def test_every_unit_tells_in_order_and_exits_once(workers, tmp_path):
    executor, told = Made(workers), {}
    waiting = [f"together{n}" for n in range(2 * workers)]
    names = list(waiting)
    with Crew(executor, workers) as crew:
        while waiting or crew.busy:
            while waiting and crew.place is not None:
                crew.start(unit(waiting.pop(0), tmp_path))
            name, said = crew.told()
            told.setdefault(name, []).append(said if isinstance(said, Exit) else said.body.name)
    assert told == {name: ["load", "train", "evaluate", Exit(name, 0)] for name in names}
    assert executor.most == workers


def test_the_lowest_free_place_is_taken_next(tmp_path):
    with Crew(Made(2), 2) as crew:
        assert crew.place == 0
        crew.start(unit("together0", tmp_path))
        assert crew.place == 1
        crew.start(unit("together1", tmp_path))
        assert crew.place is None
        while not isinstance(crew.told()[1], Exit):
            pass
        assert crew.place in {0, 1}


@pytest.mark.parametrize("workers", [1, 2])
def test_leaving_ends_what_is_running(workers, tmp_path):
    executor = Made(workers)
    with Crew(executor, workers) as crew:
        crew.start(unit("endless", tmp_path))
        crew.told()
    assert executor.ended == ["endless"]
    assert executor.at_once == 0


@pytest.mark.parametrize("workers", [1, 2])
def test_a_unit_that_cannot_be_started_is_an_error_of_the_scheduler(workers, tmp_path):
    with Crew(Made(workers), workers) as crew:
        crew.start(unit("refused", tmp_path))
        with pytest.raises(HarnessError, match="no room"):
            crew.told()
        assert not crew.busy


@pytest.mark.parametrize("workers", [1, 2])
def test_an_executor_that_forgets_the_exit_is_given_one(workers, tmp_path):
    class Forgetful(Executor):
        def submit(self, unit):
            yield Event(unit=unit.id, attempt=1, cell=None, body=StageEntered("load"))

    with Crew(Forgetful(), workers) as crew:
        crew.start(unit("a", tmp_path))
        crew.told()
        assert crew.told() == ("a", Exit("a", 1))
        assert not crew.busy


def test_threads_wait_for_nobody(tmp_path):
    """A unit that tells nothing for a while does not hold up another."""

    class Slow(Made):
        def submit(self, unit):
            if unit.id == "slow":
                self._over.wait(20)
            yield from super().submit(unit)

    executor = Slow(2)
    with Crew(executor, 2) as crew:
        crew.start(unit("slow", tmp_path))
        crew.start(unit("quick", tmp_path))
        begun = time.monotonic()
        assert [crew.told()[0] for _ in range(4)] == ["quick"] * 4
        assert time.monotonic() - begun < 20
        executor.interrupt()
