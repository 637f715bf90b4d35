"""An accelerator that vanishes: its cells fail as records of their own kind, and the others go on elsewhere."""

import json

import pytest
import torch

from harness.execution import Event, Executor, Exit, work
from harness.execution.schedule import Schedule
from harness.execution.work import perform
from harness.ledger import RunFolder
from harness.plan.cells import plan_cells
from harness.plan.content import Content
from harness.preflight.prepared import Prepared
from harness.records import CellFailure
from harness.spec import Overrides, load
from helpers.watchers import Silent

LOST = "CUDA error: no CUDA-capable device is detected\nCUDA kernel errors might be asynchronously reported."
CONTENT = Content(model="m", tokenizer="t", rows="r", suites={"sums": "a", "sums_far": "b"})


class Machine(Executor):
    """Two accelerators; what runs on one that is lost raises as torch does, all else ends as a fault."""

    workers = 2

    def __init__(self, lost, monkeypatch):
        self.lost = lost
        self.ran = {}
        monkeypatch.setattr(work, "run_cell", self._run)

    def _run(self, cell, clock):
        clock.enter("load")
        if self.ran[cell.planned.cell.id] in self.lost:
            raise torch.AcceleratorError(LOST)
        raise ValueError("ended")

    def submit(self, unit):
        self.ran[unit.id] = unit.device
        told = []
        perform(unit, told.append)
        yield from (Event(unit=unit.id, attempt=1, cell=unit.id, body=body) for body in told)
        yield Exit(unit.id, 0)


@pytest.fixture
def ended(tiny_spec, tmp_path, monkeypatch):
    def run(lost):
        experiment = load(tiny_spec, overrides=Overrides(seeds=(1, 2, 3)))
        machine = Machine(lost, monkeypatch)
        prepared = Prepared(
            content=CONTENT, rows=1, items={}, screening=None, device="cuda", threads=1, versions={}, devices=2
        )
        folder = RunFolder(tmp_path / "run")
        folder.folder.mkdir()
        folder.log.touch()
        cells = plan_cells(experiment, CONTENT)
        Schedule(
            run=folder,
            experiment=experiment,
            prepared=prepared,
            executor=machine,
            watcher=Silent(),
            retry=frozenset(),
        ).execute(cells)
        return machine, [folder.outcome(each.cell) for each in cells], folder

    return run


def kinds(outcomes):
    assert all(isinstance(each, CellFailure) for each in outcomes)
    return [each.kind for each in outcomes]


def test_cells_of_the_lost_one_fail_as_such_and_all_others_run_on_the_other(ended):
    machine, outcomes, folder = ended({"cuda:1"})
    assert kinds(outcomes).count("device") == 1
    assert kinds(outcomes).count("bug") == len(outcomes) - 1
    assert list(machine.ran.values()).count("cuda:1") == 1
    (failure,) = (each for each in outcomes if each.kind == "device")
    assert (failure.stage, failure.message) == ("load", f"AcceleratorError: {LOST}")
    events = [json.loads(line) for line in (folder.folder / "journal.jsonl").read_text().splitlines()]
    lost = [each for each in events if each["event"] == "device lost"]
    assert [(each["cell"], each["place"]) for each in lost] == [(failure.cell.id, 1)]


def test_without_any_left_every_cell_is_a_record(ended):
    machine, outcomes, _ = ended({"cuda:0", "cuda:1"})
    assert set(kinds(outcomes)) == {"device"}
    assert len(machine.ran) == len(outcomes)
