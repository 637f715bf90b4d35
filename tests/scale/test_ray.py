"""Units of work as tasks of a real Ray cluster of two nodes, one of which is killed while it has a cell."""

import time

import pytest

pytest.importorskip("ray", reason="needs the extra `ray`")

from faults.grid import repeated
from harness.errors import UsageError
from harness.execution.ray import RayExecutor
from harness.ledger import RunFolder
from harness.spec.records import Execution
from harness.testing.executors import ExecutorContract
from helpers.commands import ended, start

pytestmark = pytest.mark.scale

PATIENCE = 240


class TestRay(ExecutorContract):
    @pytest.fixture
    def executor(self, log, ray_cluster):
        with RayExecutor(log, Execution(kind="ray", address=ray_cluster.address)) as opened:
            yield opened


def test_what_no_node_has_is_said(ray_cluster, tmp_path):
    with pytest.raises(UsageError, match="a unit is to have CPU 64, GPU 2, and no node of the cluster has so much"):
        RayExecutor(
            tmp_path / "log.txt",
            Execution(kind="ray", address=ray_cluster.address, options={"num_cpus": 64, "num_gpus": 2}),
        )


def test_an_address_at_which_nobody_answers_is_said(tmp_path):
    with pytest.raises(UsageError, match=r"127\.0\.0\.1:9: no Ray cluster answers[\s\S]*`ray start --head`"):
        RayExecutor(tmp_path / "log.txt", Execution(kind="ray", address="127.0.0.1:9"))


def test_a_folder_that_the_nodes_do_not_see_is_said(ray_cluster, tmp_path):
    from dataclasses import replace

    from harness.execution.unit import WorkUnit

    log = tmp_path / "log.txt"
    log.touch()
    with RayExecutor(log, Execution(kind="ray", address=ray_cluster.address)) as opened:
        opened._mark = replace(opened._mark, words="what another file has there\n")
        with pytest.raises(UsageError, match="does not see the run folder"):
            list(opened.submit(WorkUnit(id="prepare", kind="prepare", log=log)))


def test_a_run_whose_node_is_killed_ends_as_one_of_this_machine(tiny_spec, tmp_path, ray_cluster):
    assert ended(start(tiny_spec, tmp_path, "--out", "elsewhere/alone")).code == 0
    through = ("--set", "execute.kind=ray", "--set", f"execute.address={ray_cluster.address}", "--workers", "2")
    command = start(tiny_spec, tmp_path, *through)
    alone, run = (RunFolder(tmp_path / name) for name in ("elsewhere/alone", "runs/tiny"))
    until = time.monotonic() + PATIENCE
    while not (trains(run) and ray_cluster.has_unit(1)):
        assert command.poll() is None, ended(command).err
        assert time.monotonic() < until, "no cell begins on the second node"
        time.sleep(0.05)
    ray_cluster.kill(1)
    last = ended(command, timeout=600)
    assert last.code == 0, last.err
    assert (run.folder / "verdict.json").read_bytes() == (alone.folder / "verdict.json").read_bytes()
    assert "started again" in {each["event"] for each in run.journal.events()}
    assert repeated(run) == []


def trains(run):
    return any(each["event"] == "began" and not each["cell"].startswith("base") for each in run.journal.events())
