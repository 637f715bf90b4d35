"""A run whose worker ends while it trains goes on from the checkpoint, and ends with the same files and records."""

import json

import pytest

from harness.cli import main
from harness.execution.events import NotResumed, Resumed, StepDone
from harness.execution.run import Options, execute
from harness.ledger.run import CHECKPOINT
from harness.spec import Overrides, load
from helpers.watchers import Silent

STEPS = 12


class StoppedError(Exception):
    pass


class StopsAt(Silent):
    """Stops the run at a step of a cell's training at a place, and keeps what is told of going on."""

    def __init__(self, step=None, place=0):
        super().__init__()
        self.told, self.steps, self.stages = [], [], []
        self._at, self._place, self._trainings = step, place, -1

    def message(self, cell, message):
        if isinstance(message, Resumed | NotResumed):
            self.told.append(message)
        if isinstance(message, StepDone):
            self.steps.append(message.step)
            self.stages.append((message.stage, message.stages))
            self._trainings += message.step == 1
            if message.step == self._at and self._trainings == self._place:
                raise StoppedError


@pytest.fixture
def started(tiny_spec):
    def start(folder, *, minutes=1e-6, **stop):
        watcher = StopsAt(**stop)
        changes = (f"execute.checkpoint_minutes={minutes}", f"training.max_steps={STEPS}")
        experiment = load(tiny_spec, overrides=Overrides(seeds=(1,), set=changes))
        return execute(experiment, folder, watcher, Options()), watcher

    return start


def trained(ledger):
    """Return the outcome of the last recipe: the first is full fine-tuning, whose weights are not kept."""
    return ledger.outcomes[-1]


def cell_folder(folder, recipe="lora--tiny"):
    (found,) = (folder / "cells").glob(f"{recipe}*")
    return found


def test_a_training_goes_on_and_comes_to_the_same(started, tmp_path, capsys):
    whole, undisturbed = started(tmp_path / "whole" / "tiny")
    folder = tmp_path / "stopped" / "tiny"
    with pytest.raises(StoppedError):
        started(folder, step=4, place=1, minutes=60)  # due by being stopped alone
    assert (cell_folder(folder) / CHECKPOINT / "training" / "checkpoint.json").exists()
    assert main(["doctor", str(folder), "--json"]) == 0
    listed = {each["what"]: each["status"] for each in json.loads(capsys.readouterr().out)}
    assert [status for what, status in listed.items() if what.endswith("checkpoint/training")] == ["ok"]
    assert "foreign files" not in listed
    again, watcher = started(folder)
    (resumed,) = watcher.told
    assert watcher.steps[0] == resumed.step + 1 > 4  # the step that was being made when it was told is kept
    assert undisturbed.told == []
    one, other = trained(whole), trained(again)
    assert one.files == other.files
    for name in ("losses", "order", "steps", "tokens", "examples", "start_sha256", "flops", "total_flos"):
        assert getattr(one.training, name) == getattr(other.training, name)
    assert {name: each.passed for name, each in one.training.measurements.items()} == {
        name: each.passed for name, each in other.training.measurements.items()
    }
    assert [each.metrics for each in one.evaluations] == [each.metrics for each in other.evaluations]
    assert not (cell_folder(folder) / CHECKPOINT).exists()
    assert other.costs.seconds["checkpoint"] > 0
    assert [each["step"] for each in again.journal.events() if each.get("event") == "resumed"] == [resumed.step]


def test_a_damaged_one_is_named_and_not_used(started, tmp_path):
    folder = tmp_path / "stopped" / "tiny"
    with pytest.raises(StoppedError):
        started(folder, step=4, place=1)
    (tensors,) = (cell_folder(folder) / CHECKPOINT / "training").glob("*.safetensors")
    tensors.write_bytes(tensors.read_bytes()[:-1])
    again, watcher = started(folder)
    (said,) = watcher.told
    assert tensors.name in said.why
    assert watcher.steps[0] == 1
    assert trained(again).training.steps == STEPS
    assert [each["why"] for each in again.journal.events() if each.get("event") == "not resumed"] == [said.why]


def test_a_finished_stage_is_not_done_again(started, tiny_spec, tmp_path):
    stages = [{"recipe": "lora--tiny", "then": "merge"}, {"recipe": "lora--tiny"}]
    (tiny_spec.parent / "adapters" / "staged--two.json").write_text(json.dumps({"stages": stages}))
    spec = json.loads(tiny_spec.read_text())
    spec["recipes"] = ["full--default", "staged--two"]
    spec["comparison"]["candidates"] = ["staged--two"]
    tiny_spec.write_text(json.dumps(spec))
    whole, told = started(tmp_path / "whole" / "tiny")
    assert told.stages == [(1, 1)] * STEPS + [(1, 2)] * STEPS + [(2, 2)] * STEPS
    folder = tmp_path / "stopped" / "tiny"
    with pytest.raises(StoppedError):
        started(folder, step=4, place=2)
    again, watcher = started(folder)
    (resumed,) = watcher.told
    assert watcher.steps == list(range(resumed.step + 1, STEPS + 1))
    assert set(watcher.stages) == {(2, 2)}
    assert trained(whole).files == trained(again).files
    one, other = trained(whole).training, trained(again).training
    assert [stage.steps for stage in other.stages] == [STEPS, STEPS]
    assert one.losses == other.losses
