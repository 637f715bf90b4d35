"""A launch: what accelerate is handed, what each process sees, and whose failure a failed one is."""

import os
from dataclasses import fields, replace

import pytest

from harness.errors import StorageError
from harness.execution.devices import all_accelerators, device_of_cells
from harness.execution.events import Event, Refusal
from harness.execution.launch import FAILED, KILLED, Launch, LaunchError, as_read, failure
from harness.execution.unit import CellWork
from harness.plan.cells import plan_cells
from harness.preflight.prepared import Prepared
from harness.records import CellFailure, Screening
from harness.spec import load
from harness.spec.schema import bundled
from helpers.contents import CONTENT

CONFIG = {"distributed_type": "MULTI_CPU", "num_processes": 2}


@pytest.fixture
def experiment(tiny_spec):
    experiment = load(tiny_spec)
    return replace(experiment, execute=replace(experiment.execute, launch="accelerate", config=CONFIG))


@pytest.fixture
def asked(experiment, tmp_path):
    planned = plan_cells(experiment, CONTENT)[1]
    work = CellWork(experiment=experiment, planned=planned, folder=tmp_path, device="cpu", content=CONTENT)
    return Launch(work=work, place=0, state=tmp_path / "state", folder=tmp_path, threads=1, began=0.0)


def test_every_key_that_a_config_may_have_is_accelerates_own():
    cluster = pytest.importorskip("accelerate.commands.config.config_args").ClusterConfig
    keys = set(bundled("experiment")["$defs"]["accelerate"]["properties"]) - {"$comment"}
    assert keys <= {each.name for each in fields(cluster)}
    cluster(**cluster.process_config(as_read(CONFIG)))


def test_processes_on_the_cpu_are_started_by_torchs_launcher_at_a_free_port():
    read = as_read({**CONFIG, "gpu_ids": 1})
    assert (read["distributed_type"], read["use_cpu"], read["main_process_port"]) == ("MULTI_GPU", True, 0)
    assert read["gpu_ids"] == "1"
    assert as_read({**CONFIG, "distributed_type": "MULTI_GPU"})["use_cpu"] is False


def test_what_is_asked_is_read_as_it_was_written(asked):
    assert Launch.read(asked.write()) == asked


def noted(asked, place, body, at):
    path = asked.folder / FAILED.format(place)
    path.write_bytes(Event(unit="u", attempt=1, cell=None, body=body).line())
    os.utime(path, ns=(at, at))


def test_the_failure_is_that_of_the_process_that_failed_first(asked):
    first, lost = (
        CellFailure(cell=asked.work.planned.cell, kind=kind, stage="train", message=kind)
        for kind in ("out_of_memory", "bug")
    )
    noted(asked, 0, lost, at=2)
    noted(asked, 1, first, at=1)
    found = failure(asked, 1, "launch")
    assert isinstance(found, LaunchError)
    assert found.failure == first
    (asked.folder / KILLED).write_text("process 1 was killed")
    assert failure(asked, 1, "launch").failure.kind == "killed"


def test_what_a_disk_refuses_one_process_ends_the_command(asked):
    noted(asked, 0, Refusal("the disk is full", 74, "no_space"), at=1)
    assert isinstance(failure(asked, 1, "save"), StorageError)


def test_a_launch_that_says_nothing_is_a_killed_cell(asked):
    assert "ended with exit code 1" in failure(asked, 1, "launch").failure.message


def test_all_accelerators_are_the_launchs(experiment, monkeypatch):
    prepared = Prepared(
        content=CONTENT,
        rows=1,
        items={},
        screening=Screening(rows=1, items={}),
        device="cuda",
        threads=1,
        versions={},
        devices=3,
    )
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    assert device_of_cells(experiment, prepared, 0) == "cuda"
    assert all_accelerators(experiment, prepared) == {"CUDA_VISIBLE_DEVICES": "0,1,2"}
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "4,6,7")
    assert all_accelerators(experiment, prepared) == {"CUDA_VISIBLE_DEVICES": "4,6,7"}
    alone = replace(experiment, execute=replace(experiment.execute, launch=None))
    assert device_of_cells(alone, prepared, 2) == "cuda:2"
    assert all_accelerators(alone, prepared) == {}
