"""Cells are taken in their order as those before them end, and taking all of them is linear in how many there are."""

import gc
import os
import sys
from types import SimpleNamespace

import pytest

from harness.execution import Event, Executor, Exit, adopt, order, schedule, sharing
from harness.execution.order import Order
from harness.execution.schedule import Schedule
from harness.ledger import RunFolder, neighbours
from harness.plan.cells import plan_cells
from harness.plan.content import Content
from harness.preflight.prepared import Prepared
from harness.records import CellFailure
from harness.spec import Overrides, load
from helpers.watchers import Silent

CONTENT = Content(model="m", tokenizer="t", rows="r", suites={"sums": "a", "sums_far": "b"})
MEASURED = {module.__file__ for module in (adopt, neighbours, order, schedule, sharing)}


def planned(name, *, adapted=True):
    return SimpleNamespace(cell=SimpleNamespace(id=name), is_adapted=adapted)


def taken(made, take=lambda _: True):
    found = []
    while (each := made.next(take)) is not None:
        found.append(each.cell.id)
    return found


def test_a_cell_can_start_once_those_before_it_have_ended():
    before = {"b": ("base",), "c": ("base", "b"), "d": ("base",)}
    made = Order([planned("base", adapted=False), *map(planned, "bcd")], lambda each: before.get(each.cell.id, ()))
    assert taken(made) == ["base"]
    made.done("base")
    assert taken(made) == ["b", "d"]
    made.done("d")
    assert taken(made) == []
    made.done("b")
    assert (taken(made), made.compares, bool(made)) == (["c"], True, True)
    made.done("c")
    assert (made.compares, bool(made)) == (False, False)


def test_what_another_has_is_asked_for_again_in_its_place():
    made = Order(map(planned, "abc"), lambda _: ())
    assert taken(made, lambda each: each.cell.id == "b") == ["b"]
    made.done("b")
    assert taken(made) == ["a", "c"]


class Failing(Executor):
    """Ends every cell at once as one that failed."""

    def submit(self, unit):
        failure = CellFailure(cell=unit.cell.planned.cell, kind="task", stage="load", message="at once")
        yield Event(unit=unit.id, attempt=1, cell=unit.id, body=failure)
        yield Exit(unit.id, 0)


def operations(work):
    """Return what Python executes in the scheduler's own modules while it works, in instructions and calls."""
    count = 0

    def inside(frame, event, _):
        nonlocal count
        frame.f_trace_opcodes = True
        count += event in {"opcode", "call"}
        return inside

    def called(frame, *_):
        nonlocal count
        if frame.f_code.co_filename in MEASURED:
            return inside(frame, "call", None)
        # What these modules call elsewhere counts once a call: a comparison of two records, a look at a folder.
        count += 1
        return None

    before = sys.gettrace()
    gc.disable()  # what it would call back, of other tests' leavings too, is none of the scheduler's
    sys.settrace(called)
    try:
        work()
    finally:
        sys.settrace(before)
        gc.enable()
    return count


@pytest.fixture
def counted(tiny_spec, tmp_path):
    """Return what scheduling a run of so many cells takes beside so many finished runs, in operations."""

    def count(cells, beside):
        above = tmp_path / f"{cells}-{beside}"
        for number in range(beside):
            (above / f"other-{number}" / "cells" / "base--0").mkdir(parents=True)
        run = RunFolder(above / "run")
        run.folder.mkdir(parents=True)
        run.log.touch()
        os.utime(above, (0, 0))  # nobody has come of late
        experiment = load(tiny_spec, overrides=Overrides(seeds=tuple(range(1, cells // 2 + 1))))
        prepared = Prepared(content=CONTENT, rows=1, items={}, screening=None, device="cpu", threads=1, versions={})
        started = Schedule(
            run=run,
            experiment=experiment,
            prepared=prepared,
            executor=Failing(),
            watcher=Silent(),
            retry=frozenset(),
        )
        planned_cells = plan_cells(experiment, CONTENT)
        return operations(lambda: started.execute(planned_cells))

    count(2, 1)  # what is imported when it is first needed is none of the scheduler's work
    return count


def test_twice_as_many_cells_take_twice_as_much(counted):
    few, twice, again = (counted(cells, 1) for cells in (10, 20, 40))
    assert (again - twice) < 2.1 * (twice - few)


def test_runs_that_lie_beside_are_looked_at_once_however_many_cells_there_are(counted):
    fewer, more = ([counted(cells, beside) for beside in (2, 12)] for cells in (6, 18))
    assert more[1] - more[0] == pytest.approx(fewer[1] - fewer[0], rel=0.05)
