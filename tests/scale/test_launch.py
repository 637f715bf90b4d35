"""A cell trained by two processes under accelerate's launcher, which exchange gradients by gloo."""

import json
import os
import signal
import time

import psutil
import pytest

from harness.ledger import RunFolder
from helpers.commands import ended, start, stop

pytestmark = pytest.mark.scale

PATIENCE = 240
ROUNDED = {"losses", "validation_losses", "validation_loss", "held_out", "measurements"}
OTHERWISE = {"engine", "train_time", "prefix"}
"""What is said of how batches were read, and times."""


@pytest.fixture
def specs(tiny_spec):
    """Two experiments that differ in how many processes train, each with its run folder.

    Eleven rows train: the last batch of ten is one row, which one of two processes has. The LoRA's batches of one are
    computed two at a time.
    """
    spec = json.loads(tiny_spec.read_text())
    spec |= {"seeds": [1], "validation": {"share": 0.05, "every": 1}}
    spec["training"] = {"max_steps": 3, "per_device_train_batch_size": 10, "max_length": 64}
    recipe = tiny_spec.parent / "adapters" / "lora--tiny.json"
    lora = json.loads(recipe.read_text())
    lora["training"] |= {"per_device_train_batch_size": 1, "gradient_accumulation_steps": 2}
    recipe.write_text(json.dumps(lora))
    (tiny_spec.parent / "ddp.yaml").write_text("distributed_type: MULTI_CPU\nnum_processes: 2\n")
    tiny_spec.write_text(json.dumps(spec))
    two = tiny_spec.parent / "two.json"
    two.write_text(json.dumps({**spec, "name": "two", "execute": {"launch": "accelerate", "config": "ddp.yaml"}}))
    return tiny_spec, two


def results(folder):
    run = RunFolder(folder)
    found = [json.loads(path.read_text()) for path in sorted(run.folder.glob("cells/*/result.json"))]
    return {each["cell"]["recipe"]: each for each in found if each["cell"]["recipe"] != "base"}


def test_two_processes_make_the_steps_of_one(specs, tmp_path):
    for spec in specs:
        done = ended(start(spec, tmp_path, "--quiet"), timeout=PATIENCE)
        assert done.code == 0, done.err
    alone, two = (results(tmp_path / "runs" / name) for name in ("tiny", "two"))
    assert set(alone) == set(two) == {"full--default", "lora--tiny"}
    for recipe, one in alone.items():
        ours, theirs = two[recipe]["train_info"], one["train_info"]
        assert ours["engine"] == "padded: 2 processes share a batch"
        assert ours["losses"] == pytest.approx(theirs["losses"], rel=1e-5)
        assert dict(ours["validation_losses"]) == pytest.approx(dict(theirs["validation_losses"]), rel=1e-5)
        assert ours["held_out"]["nats"] == pytest.approx(theirs["held_out"]["nats"], rel=1e-5)
        mine, other = (each["measurements"].copy() for each in (ours, theirs))
        moved = [each.pop("outputs_differ")["details"].pop("largest_difference") for each in (mine, other)]
        assert moved[0] == pytest.approx(moved[1], rel=1e-5)
        assert mine == other
        exact = set(ours) - ROUNDED - OTHERWISE
        assert {"order", "examples", "tokens", "total_flos", "start_sha256"} <= exact
        assert {key: ours[key] for key in exact} == {key: theirs[key] for key in exact}


def members(process):
    """Return the processes that train below a command, by their place."""
    found = {}
    for each in process.children(recursive=True):
        try:
            place = each.environ().get("LOCAL_RANK") if "harness.launched" in each.cmdline() else None
        except psutil.Error:  # it ended meanwhile
            continue
        if place is not None:
            found[int(place)] = each
    return found


def until(found):
    limit = time.monotonic() + PATIENCE
    while not (what := found()):
        assert time.monotonic() < limit
        time.sleep(0.05)
    return what


def training(process, log, steps):
    """Wait until two processes below a command have made a step more than so many, and return them."""
    until(lambda: log.exists() and log.read_text(errors="replace").count("'loss'") > steps)
    return until(lambda: len(found := members(process)) == 2 and found)


def test_processes_end_with_each_other_and_with_the_command(specs, tmp_path):
    _, spec = specs
    endless = ("--set", "training.max_steps=100000", "--set", "execute.checkpoint_minutes=null")
    command = start(spec, tmp_path, "--quiet", *endless)
    try:
        run, process = RunFolder(tmp_path / "runs" / "two"), psutil.Process(command.pid)
        first = training(process, run.log, 0)
        first[0].kill()
        psutil.wait_procs(list(first.values()), timeout=PATIENCE)
        (failed,) = until(lambda: list(run.folder.glob("cells/full--default*/result.json")))
        said = json.loads(failed.read_text())
        assert (said["kind"], "process 0 of the 2 that train was killed by SIGKILL") == ("killed", said["message"])
        second = training(process, run.log, run.log.read_text(errors="replace").count("'loss'"))
        everything = [process, *process.children(recursive=True)]
        os.kill(command.pid, signal.SIGKILL)
        command.wait()
        gone, alive = psutil.wait_procs(everything, timeout=PATIENCE)
        assert not alive
        assert {each.pid for each in second.values()} <= {each.pid for each in gone}
    finally:
        stop(command)


def trained_files(run):
    (result,) = run.folder.glob("cells/full--default*/result.json")
    said = json.loads(result.read_text())
    return said["train_info"]["losses"], said["files"]


def test_a_killed_launch_goes_on_to_the_same_weights_in_every_bit(specs, tmp_path):
    _, spec = specs
    long = ("--quiet", "--next", "2", "--set", "keep_weights=true", "--set", "training.max_steps=300")
    options = (*long, "--set", "validation.every=null", "--set", "execute.checkpoint_minutes=0.0001")
    assert ended(start(spec, tmp_path, *options, "--out", "runs/whole"), timeout=PATIENCE).code == 0
    command = start(spec, tmp_path, *options)
    run = RunFolder(tmp_path / "runs" / "two")
    try:
        until(lambda: list(run.folder.glob("cells/*/checkpoint/training/*.json")))
    finally:
        stop(command)
    again = ended(start(spec, tmp_path, *options), timeout=PATIENCE)
    assert again.code == 0, again.err
    assert [each["step"] > 0 for each in run.journal.events() if each["event"] == "resumed"] == [True]
    assert trained_files(run) == trained_files(RunFolder(tmp_path / "runs" / "whole"))
