"""A run of made-up cells through the real scheduler and ledger, at the times of a clock that is made up too.

Nothing trains: a unit ends as soon as it is the next to end among those at the places. What is measured is the
scheduler's and the ledger's own, in CPU seconds: a cell from being taken to its record, the journal's bytes, and what a
second start takes to see that all has ended.
"""

import heapq
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Self
from unittest import mock

import numpy as np

from benchmarks.scaling import fabricated
from harness.execution import Event, Executor, Exit, WorkUnit, schedule
from harness.execution.schedule import Schedule
from harness.execution.watcher import Unwatched
from harness.ledger import RunFolder
from harness.plan.cells import PlannedCell, plan_cells
from harness.plan.content import Content
from harness.preflight.prepared import Prepared
from harness.records import CellResult
from harness.spec.records import Experiment

SECONDS = 600.0
"""The median that a made-up cell takes, on the made-up clock."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Simulated:
    """What so many cells took: CPU and wall seconds of running and resuming, bytes and lines of the journal.

    `makespan` is in seconds of the made-up clock, `busy` the part of the places' time in which a cell ran.
    """

    cells: int
    places: int
    planning: float
    running: float
    wall: float
    resuming: float
    journal: int
    makespan: float
    busy: float

    @property
    def milliseconds(self) -> float:
        """CPU milliseconds a cell."""
        return 1e3 * self.running / self.cells


class Cluster(Executor):
    """As many places as are declared; who runs there is followed by `Clockwork`."""

    def __init__(self, workers: int) -> None:
        self.workers = workers

    def submit(self, unit: WorkUnit) -> Iterator[Event | Exit]:  # type: ignore[override]
        raise AssertionError(unit)


class Clockwork:
    """Takes the place of `harness.execution.crew.Crew`: units end in the order of a made-up clock, in one thread."""

    now = 0.0
    worked = 0.0

    def __init__(self, _executor: Executor, places: int) -> None:
        self._free = list(range(places))
        self._running: list[tuple[float, str, int, CellResult]] = []
        self._exit: str | None = None
        self._draws = np.random.default_rng(0)

    @property
    def place(self) -> int | None:
        return min(self._free, default=None)

    @property
    def has_told(self) -> bool:
        return bool(self._running)

    def start(self, unit: WorkUnit) -> None:
        assert unit.cell is not None
        place = heapq.heappop(self._free)
        seconds = SECONDS * float(self._draws.lognormal(0.0, 0.5))
        Clockwork.worked += seconds
        result = replace(fabricated.result(unit.cell.planned.cell, unit.cell.experiment), evaluations=())
        heapq.heappush(self._running, (self.now + seconds, unit.id, place, result))

    def told(self) -> tuple[str, Event | Exit]:
        if self._exit is not None:
            ended, self._exit = self._exit, None
            _, _, place, _ = heapq.heappop(self._running)
            heapq.heappush(self._free, place)
            return ended, Exit(ended, 0)
        Clockwork.now, unit, _, result = self._running[0]
        self._exit = unit
        return unit, Event(unit=unit, attempt=1, cell=unit, body=result)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        return None


def simulated(cells: int, places: int, folder: Path) -> Simulated:
    """Run about so many cells, in whole seeds of the recipes that there are, into an empty folder, twice."""
    recipes = len(fabricated.RECIPES)
    experiment = fabricated.experiment(fabricated.Size(recipes, max(1, cells // recipes), items=100))
    content = Content(model="m", tokenizer="t", rows="r", suites={each.task: each.task for each in experiment.suites})
    begun = time.process_time()
    # Scoring is the workers' and leaves no files here: no suite is asked for.
    planned = tuple(replace(each, suites={}) for each in plan_cells(experiment, content))
    planning = time.process_time() - begun
    run = RunFolder(folder)
    run.log.touch()
    prepared = Prepared(content=content, rows=1, items={}, screening=None, device="cpu", threads=1, versions={})  # type: ignore[arg-type]
    Clockwork.now = Clockwork.worked = 0.0
    clocks = time.process_time(), time.perf_counter()
    _execute(run, experiment, prepared, planned, places)
    running, wall = time.process_time() - clocks[0], time.perf_counter() - clocks[1]
    makespan = Clockwork.now
    begun = time.process_time()
    _execute(run, experiment, prepared, planned, places)
    return Simulated(
        cells=len(planned),
        places=places,
        planning=planning,
        running=running,
        wall=wall,
        resuming=time.process_time() - begun,
        journal=sum(each.stat().st_size for each in folder.glob("journal*.jsonl")),
        makespan=makespan,
        busy=Clockwork.worked / (places * makespan),
    )


def _execute(
    run: RunFolder, experiment: Experiment, prepared: Prepared, planned: tuple[PlannedCell, ...], places: int
) -> None:
    made = Schedule(
        run=run,
        experiment=experiment,
        prepared=prepared,
        executor=Cluster(places),
        watcher=Unwatched(),
        retry=frozenset(),
    )
    # Scores are made up too: what they show of suites is not asked.
    with mock.patch.object(schedule, "Crew", Clockwork), mock.patch.object(schedule, "check_base"):
        made.execute(planned)


def table(found: Simulated) -> list[list[object]]:
    """Return what was measured, a line a figure."""
    return [
        ["cells", found.cells],
        ["places", found.places],
        ["CPU ms a cell, from being taken to its record", round(found.milliseconds, 2)],
        ["CPU s to plan", round(found.planning, 1)],
        ["CPU s to run", round(found.running, 1)],
        ["wall s to run", round(found.wall, 1)],
        ["CPU s of a start that finds all ended", round(found.resuming, 1)],
        ["journal, MiB", round(found.journal / 2**20, 1)],
        ["makespan, made-up hours", round(found.makespan / 3600, 1)],
        ["of the places' time in use", f"{found.busy:.1%}"],
    ]
