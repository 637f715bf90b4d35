"""The harness command as an array of real Slurm: of Debian's packages, controller and node on this machine.

One command where they are installed, and no part of CI: ``pytest tests/scale/test_slurm.py``.
"""

import time

import pytest

pytest.importorskip("submitit", reason="needs the extra `slurm`")

from faults.grid import repeated
from harness.cli import main
from harness.ledger import RunFolder
from helpers.commands import ended, start

pytestmark = pytest.mark.scale

ARRAY = ("--with", "timeout_min=20", "--with", "cpus_per_task=1")


@pytest.fixture(autouse=True)
def here(slurm, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name, value in slurm.environment.items():
        monkeypatch.setenv(name, value)


def codes(run):
    return [each["code"] for each in run.journal.events() if each["event"] == "task ended"]


def test_an_array_of_slurm_comes_to_the_run_of_one_command(tiny_spec, tmp_path):
    assert ended(start(tiny_spec, tmp_path, "--out", "elsewhere/alone")).code == 0
    assert main(["submit", str(tiny_spec), "--tasks", "3", "--next", "2", *ARRAY, "--wait"]) == 0
    alone, run = (RunFolder(tmp_path / name) for name in ("elsewhere/alone", "runs/tiny"))
    assert (run.folder / "verdict.json").read_bytes() == (alone.folder / "verdict.json").read_bytes()
    assert codes(run) == [0, 0, 0]
    assert repeated(run) == []


def test_a_task_that_slurm_ends_is_made_up_for_by_another_array(slurm, tiny_spec, tmp_path):
    assert main(["submit", str(tiny_spec), "--tasks", "1", "--next", "5", *ARRAY]) == 0
    run = RunFolder(tmp_path / "runs" / "tiny")
    until = time.monotonic() + 300
    while not any(each["event"] == "began" for each in run.journal.events()):
        assert time.monotonic() < until
        time.sleep(0.2)
    slurm.said("scancel", "--full", "--signal=KILL", *slurm.said("squeue", "--noheader", "--format=%A").split())
    assert main(["submit", str(tiny_spec), "--tasks", "2", "--next", "5", *ARRAY, "--wait"]) == 0
    assert codes(run) == [0, 0]
    assert (run.folder / "verdict.json").exists()
