"""Real commands that each take a part of one run, one of them killed twice: the run that one command makes."""

import json
import os
import random
import signal
import time

import pytest

from faults.grid import repeated
from harness.ledger import RunFolder
from helpers.commands import ended, start

pytestmark = pytest.mark.scale

PATIENCE = 240
PROCESSES = 4
TRAINED = 24


def test_four_that_take_cells_and_a_random_one_killed_twice_end_as_one_that_takes_all(tiny_spec, tmp_path):
    spec = json.loads(tiny_spec.read_text())
    tiny_spec.write_text(json.dumps({**spec, "seeds": list(range(1, TRAINED // 2 + 1))}))
    assert ended(start(tiny_spec, tmp_path, "--out", "elsewhere/alone"), timeout=900).code == 0
    alone, run = (RunFolder(tmp_path / name) for name in ("elsewhere/alone", "runs/tiny"))
    _, *trained = alone.cell_ids
    assert len(trained) == TRAINED
    shares = [trained[place::PROCESSES] for place in range(PROCESSES)]
    commands = [start(tiny_spec, tmp_path, "--cells", *share) for share in shares]
    unlucky = random.Random().randrange(PROCESSES)
    for _ in range(2):
        kill_at_work(commands[unlucky], run, shares[unlucky])
        commands[unlucky] = start(tiny_spec, tmp_path, "--cells", *shares[unlucky])
    outputs = [ended(each, timeout=900) for each in commands]
    assert [each.code for each in outputs] == [0] * PROCESSES, (unlucky, [each.err for each in outputs])
    assert (run.folder / "verdict.json").read_bytes() == (alone.folder / "verdict.json").read_bytes()
    assert repeated(run) == []


def kill_at_work(command, run, share):
    """Kill a command and what it started once another of its cells has begun."""
    before, until = begun(run, share), time.monotonic() + PATIENCE
    while begun(run, share) <= before and command.poll() is None:
        assert time.monotonic() < until, "no cell begins"
        time.sleep(0.02)
    os.killpg(command.pid, signal.SIGKILL)
    command.wait()


def begun(run, share):
    return sum(each["event"] == "began" and each["cell"] in share for each in run.journal.events())
