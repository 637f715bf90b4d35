"""Several real commands that each take a part of one run, one of them killed: the run that one command makes."""

import os
import signal
import time

from faults.grid import repeated
from harness.ledger import RunFolder
from helpers.commands import ended, start

PATIENCE = 240


def test_four_that_take_parts_and_one_that_is_killed_end_as_one_that_takes_all(tiny_spec, tmp_path):
    assert ended(start(tiny_spec, tmp_path, "--out", "elsewhere/alone")).code == 0
    alone = RunFolder(tmp_path / "elsewhere" / "alone")
    parts = [("--next", "2"), ("--next", "2"), ("--next", "1"), ("--cells", alone.cell_ids[-1])]
    commands = [start(tiny_spec, tmp_path, *part) for part in parts]
    run, until = RunFolder(tmp_path / "runs" / "tiny"), time.monotonic() + PATIENCE
    while not any(each["event"] == "began" for each in run.journal.events()) and time.monotonic() < until:
        time.sleep(0.05)
    os.killpg(commands[0].pid, signal.SIGKILL)
    outputs = [ended(each) for each in commands]
    assert [each.code for each in outputs[1:]] == [0, 0, 0], [each.err for each in outputs]
    last = ended(start(tiny_spec, tmp_path, "--next", "9"))
    assert last.code == 0, last.err
    assert (run.folder / "verdict.json").read_bytes() == (alone.folder / "verdict.json").read_bytes()
    assert repeated(run) == []
