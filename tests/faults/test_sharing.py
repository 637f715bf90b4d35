"""Several real commands at once: the work is shared, no cell is done twice, and every report is the command's own."""

import json
import time
from collections import Counter

from harness.ledger import RunFolder
from helpers.commands import ended, start


def begun(folder):
    return Counter(event["cell"] for event in RunFolder(folder).journal.events() if event["event"] == "began")


def at_work(folder, commands):
    """Return when one of the commands is known to be at work in the folder, which refuses others from then on."""
    while not list(folder.glob("claims/command-*")) and any(each.poll() is None for each in commands):
        time.sleep(0.1)


def test_four_commands_in_one_folder_do_every_cell_once_and_print_one_report(tiny_spec, tmp_path):
    folder = tmp_path / "runs" / "tiny"
    commands = [start(tiny_spec, tmp_path) for _ in range(4)]
    at_work(folder, commands)
    other = start(tiny_spec, tmp_path, "--seeds", "1")
    outputs = [ended(each) for each in commands]
    assert [each.code for each in outputs] == [0] * 4
    assert set(begun(folder).values()) == {1}
    assert len(begun(folder)) == 5
    assert len({each.out for each in outputs}) == 1
    assert [each["event"] for each in RunFolder(folder).journal.events()].count("judged") == 1
    refused = ended(other)
    assert refused.code == 64
    assert "seeds: [1, 2] there, [1] here" in refused.err


def test_commands_that_share_a_folder_by_heartbeat_do_every_cell_once(tiny_spec, tmp_path):
    shared = ("--set", "execute.shared_folder=true")
    outputs = [ended(each) for each in [start(tiny_spec, tmp_path, *shared) for _ in range(2)]]
    assert [each.code for each in outputs] == [0, 0], outputs
    folder = tmp_path / "runs" / "tiny"
    assert set(begun(folder).values()) == {1}
    assert len(begun(folder)) == 5
    assert len({each.out for each in outputs}) == 1
    assert not (folder / "journal.jsonl").exists()


def test_two_runs_side_by_side_compute_a_cell_once(tiny_spec, tmp_path):
    commands = [start(tiny_spec, tmp_path, "--out", f"runs/{name}") for name in ("a", "b")]
    assert [ended(each).code for each in commands] == [0, 0]
    both = begun(tmp_path / "runs" / "a") + begun(tmp_path / "runs" / "b")
    assert len(both) == 5
    assert set(both.values()) == {1}
    first, second = (json.loads((tmp_path / "runs" / name / "verdict.json").read_text()) for name in ("a", "b"))
    assert first == second
