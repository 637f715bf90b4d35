"""The local executor: one program a unit, a log of each run's own, and nothing that asks for a device before a cell."""

import json
import os
import shutil
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest

import harness
from harness.errors import StorageError
from harness.execution import local
from harness.execution._base import Exit
from harness.execution.events import StageEntered
from harness.execution.executors import executor_of
from harness.execution.local import LocalExecutor, needs_fresh_program
from harness.execution.program import environment_of
from harness.execution.unit import WorkUnit, read_unit, write_unit
from harness.preflight.prepared import Prepared
from harness.spec import load

HOME = Path(harness.__file__).parent.parent


def prepare(experiment, log, **fields):
    return WorkUnit(id="prepare", kind="prepare", log=log, experiment=experiment, **fields)


def python(code, **environment):
    settings = {**os.environ, "PYTHONPATH": str(HOME), **environment}
    return subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code)], env=settings, capture_output=True, text=True, check=False
    )


def test_a_unit_reads_back_as_it_was_written_with_its_suites_in_order(tiny_spec, tmp_path):
    unit = prepare(load(tiny_spec), tmp_path / "log.txt", threads=2, environment={"X": "1"}, after=("a", "b"))
    path = write_unit(unit, tmp_path / "unit.json")
    assert read_unit(json.loads(path.read_text())) == unit


@pytest.mark.parametrize("fresh", [False, True], ids=["forked", "a program of its own"])
def test_a_unit_tells_its_events_and_then_its_exit(tiny_spec, tmp_path, monkeypatch, fresh):
    monkeypatch.setattr(local, "needs_fresh_program", lambda device: fresh)
    with LocalExecutor(tmp_path / "log.txt") as executor:
        *told, last = executor.submit(prepare(load(tiny_spec), tmp_path / "log.txt", threads=1, attempt=3))
    assert last == Exit("prepare", 0)
    assert {(each.unit, each.attempt, each.cell) for each in told} == {("prepare", 3, None)}
    assert StageEntered("model") in [each.body for each in told]
    found = told[-1].body
    assert isinstance(found, Prepared)
    assert (found.threads, found.device) == (1, "cpu")


def test_two_runs_in_one_process_write_each_its_own_log(tiny_spec, tmp_path):
    loader = tiny_spec.parent / "tasks" / "sums" / "loader.py"
    loader.write_text(loader.read_text() + "\nimport os\nprint('said by', os.environ['WHO'])\n")
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        with LocalExecutor(tmp_path / name / "log.txt", device="cpu") as executor:
            unit = prepare(load(tiny_spec), tmp_path / name / "log.txt", environment={"WHO": name})
            assert list(executor.submit(unit))[-1] == Exit("prepare", 0)
    for name, other in (("one", "two"), ("two", "one")):
        log = (tmp_path / name / "log.txt").read_text()
        assert f"said by {name}" in log
        assert f"said by {other}" not in log


def test_our_own_variables_go_with_each_unit_and_a_warm_worker_stays(tiny_spec, tmp_path, monkeypatch):
    """What a run trusts is such a variable, and differs from spec to spec."""
    loader = tiny_spec.parent / "tasks" / "sums" / "loader.py"
    loader.write_text(
        loader.read_text() + "\nimport gc, os\n"
        "print('said:', os.environ.get('HARNESS_SAID'), os.getppid(), gc.get_freeze_count() > 0, '.')\n"
    )
    found = []
    for value in ("one", "two", None):
        if value is None:
            monkeypatch.delenv("HARNESS_SAID")
        else:
            monkeypatch.setenv("HARNESS_SAID", value)
        log = tmp_path / f"{value}.txt"
        with LocalExecutor(log, device="cpu") as executor:
            assert list(executor.submit(prepare(load(tiny_spec), log)))[-1] == Exit("prepare", 0)
        found.append(log.read_text().partition("said: ")[2].split()[:3])
    values, workers, frozen = zip(*found, strict=True)
    assert values == ("one", "two", "None")
    assert len(set(workers)) == 1
    assert set(frozen) == {"True"}


def test_a_process_that_is_killed_shows_in_the_exit(tiny_spec, tmp_path):
    loader = tiny_spec.parent / "tasks" / "sums" / "loader.py"
    loader.write_text(loader.read_text() + "\nimport os\nos.kill(os.getpid(), 9)\n")
    with LocalExecutor(tmp_path / "log.txt", device="cpu") as executor:
        *_, last = executor.submit(prepare(load(tiny_spec), tmp_path / "log.txt"))
        assert last == Exit("prepare", -signal.SIGKILL)
        assert "killed by SIGKILL" in str(last)
        loader.write_text(loader.read_text().replace("os.kill(os.getpid(), 9)", "pass"))
        *_, last = executor.submit(prepare(load(tiny_spec), tmp_path / "log.txt"))
        assert last == Exit("prepare", 0)


def test_a_worker_outlives_the_folder_that_it_was_started_for(tiny_spec, tmp_path, monkeypatch):
    """A run is refused at once and its folder removed before the worker has imported anything; another run begins."""
    monkeypatch.setenv("TEST_OWN_WORKER", "gone")  # one of another test fits no more
    gone = tmp_path / "gone"
    gone.mkdir()
    with LocalExecutor(gone / "log.txt", device="cpu"):
        shutil.rmtree(gone)
    with LocalExecutor(tmp_path / "log.txt", device="cpu") as executor:
        *told, last = executor.submit(prepare(load(tiny_spec), tmp_path / "log.txt"))
    assert last == Exit("prepare", 0)
    assert isinstance(told[-1].body, Prepared)


class Started:
    """Stands in for `local.start_worker`: what it starts is given in order, the last one again and again."""

    def __init__(self, *programs):
        self.programs = list(programs)
        self.count = 0

    def __call__(self, words, environment, log, *, stdin=subprocess.DEVNULL):
        program = self.programs[min(self.count, len(self.programs) - 1)]
        self.count += 1
        return subprocess.Popen([sys.executable, "-c", program], stdin=stdin, stdout=subprocess.PIPE)


DIES = "import time; time.sleep(0.5); raise SystemExit(7)"
LIVES = """
import json, sys
for line in sys.stdin:
    print(json.dumps({"taken": True}), json.dumps({"exit": 3}), sep="\\n", flush=True)
"""


def test_a_worker_that_dies_before_it_takes_the_unit_is_replaced_once(tiny_spec, tmp_path, monkeypatch):
    unit = prepare(load(tiny_spec), tmp_path / "log.txt")
    for programs, last, count in (((DIES, LIVES), 3, 2), ((DIES,), 7, 2)):
        start = Started(*programs)
        monkeypatch.setattr(local, "start_worker", start)
        monkeypatch.setattr(local, "_warm", local._Pool())
        with LocalExecutor(tmp_path / "log.txt", device="cpu") as executor:
            assert list(executor.submit(unit)) == [Exit("prepare", last)]
        assert start.count == count


def test_a_word_that_comes_with_the_unit_ends_it_all_the_same(tiny_spec, tmp_path, monkeypatch):
    """A worker that still imports reads both at once."""
    monkeypatch.setenv("TEST_OWN_WORKER", "broken off")
    loader = tiny_spec.parent / "tasks" / "sums" / "loader.py"
    loader.write_text(loader.read_text() + "\nimport time\ntime.sleep(600)\n")
    with LocalExecutor(tmp_path / "log.txt", device="cpu") as executor:
        say = local._Warm._say
        monkeypatch.setattr(local._Warm, "_say", lambda self, words: [say(self, words), say(self, {"end": True})])
        assert list(executor.submit(prepare(load(tiny_spec), tmp_path / "log.txt")))[-1].code == -signal.SIGTERM


def test_what_is_broken_off_leaves_no_process(tiny_spec, tmp_path):
    loader = tiny_spec.parent / "tasks" / "sums" / "loader.py"
    pid = tmp_path / "pid"
    loader.write_text(
        loader.read_text() + f"\nimport os, time, pathlib\npathlib.Path({str(pid)!r}).write_text(str(os.getpid()))\n"
        "time.sleep(600)\n"
    )
    with LocalExecutor(tmp_path / "log.txt", device="cpu") as executor:
        told = executor.submit(prepare(load(tiny_spec), tmp_path / "log.txt"))
        while next(told).body != StageEntered("data"):
            pass
        while not pid.exists():  # written when the task's loader is imported, which then sleeps
            time.sleep(0.1)
        told.close()
    with pytest.raises(ProcessLookupError):
        os.kill(int(pid.read_text()), 0)


def test_a_log_that_cannot_be_written_is_told_with_what_to_do(tiny_spec, tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(StorageError, match=r"cannot be written .* Choose another\."):
        executor_of(load(tiny_spec), tmp_path / "file" / "log.txt", remedy="Choose another.")


@pytest.mark.parametrize(
    ("device", "visible", "given"),
    [("cuda", "", "0"), ("cuda:1", "", "1"), ("cuda:1", "4,6", "6"), ("cuda", "GPU-ab", "GPU-ab"), ("cpu", "4", "")],
)
def test_a_unit_sees_one_device(monkeypatch, device, visible, given):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", visible)
    assert environment_of(device)["CUDA_VISIBLE_DEVICES"] == given
    assert needs_fresh_program(device) == (device != "cpu")


def test_who_counts_accelerators_sees_all_of_them_and_a_cell_sees_its_own(tmp_path):
    kinds = ("prepare", "estimate", "cell")
    asked = [WorkUnit(id=kind, kind=kind, log=tmp_path / "log", device="cuda") for kind in kinds]
    assert [each.sees for each in asked] == [None, None, "cuda"]
    assert WorkUnit(id="prepare", kind="prepare", log=tmp_path / "log", device="cuda:1").sees == "cuda:1"


def test_a_machine_with_a_gpu_forks_no_cell_unless_it_is_to_use_the_cpu(monkeypatch, tmp_path):
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    (tmp_path / "nvidiactl").touch()
    monkeypatch.setattr(local, "_ACCELERATORS", (str(tmp_path / "nvidiactl"),))
    assert needs_fresh_program(None)
    assert needs_fresh_program("mps")
    assert not needs_fresh_program("cpu")
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    assert not needs_fresh_program(None)


FAKED = """
    import sys
    import torch

    def asking(name):
        def asked(*_, **__):
            raise SystemExit(f"a device was asked for by {name}")

        return asked

    torch.cuda.is_available = lambda: True
    torch.cuda.device_count = lambda: 1
    for name in ("get_device_capability", "get_device_properties", "init", "_lazy_init", "set_device"):
        setattr(torch.cuda, name, asking(name))
"""


def test_what_runs_before_a_cell_asks_no_device(tiny_spec, tmp_path):
    """CUDA is faked as present; a process in which something asked for it could fork no cell that uses it."""
    unit = write_unit(prepare(load(tiny_spec), tmp_path / "log.txt"), tmp_path / "unit.json")
    done = python(f"""{FAKED}
    import json
    import harness
    import harness.api, harness.worker, harness.execution.run, harness.execution.local, harness.execution.schedule
    from harness.execution.unit import read_unit
    read_unit(json.load(open({str(unit)!r})))
    print(sorted({{"peft", "bitsandbytes", "transformers", "trl"}} & set(sys.modules)))
    """)
    assert (done.returncode, done.stdout.strip()) == (0, "[]"), done.stderr


def test_the_fake_would_notice_peft(tmp_path):
    done = python(f"{FAKED}\n    import peft\n")
    assert "a device was asked for" in done.stderr


def test_a_plain_script_without_a_main_guard_runs_an_experiment(tiny_spec, tmp_path):
    script = tmp_path / "script.py"
    script.write_text(
        "import harness\n"
        f"finished = harness.run({str(tiny_spec)!r}, out={str(tmp_path / 'runs' / 'tiny')!r}, seeds=(1,))\n"
        "print('cells', len(finished.results()))\n"
    )
    settings = {**os.environ, "PYTHONPATH": str(HOME)}
    done = subprocess.run([sys.executable, script], env=settings, capture_output=True, text=True, check=False)
    assert done.stdout.splitlines()[-1] == "cells 3", done.stderr


def test_a_module_beside_the_user_is_not_taken_for_a_library(tiny_spec, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "torch.py").write_text("raise RuntimeError('not the library')")
    with LocalExecutor(tmp_path / "log.txt", device="cpu") as executor:
        *_, last = executor.submit(prepare(load(tiny_spec), tmp_path / "log.txt"))
    assert last == Exit("prepare", 0)
