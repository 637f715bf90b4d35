"""Programs that a model writes run with consent by name, in a child with bounds, or not at all."""

import fcntl
import json
import os
import resource
import socket
import time
from pathlib import Path
from types import SimpleNamespace

import pytest

from harness.cli import main
from harness.declarations import code
from harness.errors import TaskError
from harness.evaluation import bounded
from harness.suites.load import load_task

YAML = """task: programs
dataset_path: json
dataset_kwargs: {{data_files: {{test: {rows}}}}}
test_split: test
unsafe_code: true
output_type: generate_until
doc_to_text: "{{{{prompt}}}}"
doc_to_target: "{{{{prompt}}}}"
generation_kwargs: {{until: ["."]}}
metric_list:
  - {{metric: exact_match, aggregation: mean, higher_is_better: true}}
"""


@pytest.fixture
def programs(tmp_path, monkeypatch):
    """A task that executes code, in the current folder; nobody has consented."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv(code.VARIABLE, "")
    (tmp_path / "tasks").mkdir()
    (tmp_path / "rows.jsonl").write_text('{"prompt": "1 +"}\n')
    (tmp_path / "tasks" / "programs.yaml").write_text(YAML.format(rows=tmp_path / "rows.jsonl"))


def test_an_answer_comes_back_and_nothing_else_of_the_child(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    def work():
        Path("left").write_text("over")
        os.environ["LEFT"] = "over"
        return {"score": 1.0, "where": str(Path.cwd())}

    found = bounded.run(work)
    assert found["score"] == 1.0
    assert not Path(found["where"]).exists()
    assert not Path("left").exists()
    assert "LEFT" not in os.environ


def test_time_is_bounded_and_what_was_started_ends_too(tmp_path):
    def work():
        if os.fork() == 0:
            time.sleep(5)
            (tmp_path / "late").write_text("still there")
        time.sleep(60)
        return {}

    started = time.monotonic()
    assert bounded.run(work, seconds=0.5) is None
    assert time.monotonic() - started < 30
    assert not (tmp_path / "late").exists()


def test_memory_and_files_are_bounded(tmp_path):
    assert bounded.run(lambda: {"size": len(bytearray(2**30))}, memory=2**26) is None

    def write():
        with (tmp_path / "large").open("wb") as stream:
            stream.truncate(2**30)
        return {}

    assert bounded.run(write) is None


@pytest.mark.skipif(not code.can_cut_network(), reason="this system lets nobody cut a process off")
def test_there_is_no_network_not_even_this_machines_own():
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]

        def work():
            with socket.create_connection(("127.0.0.1", port), timeout=2):
                return {"reached": True}

        assert bounded.run(work) is None
        socket.create_connection(("127.0.0.1", port), timeout=2).close()  # this process keeps its own


def test_programs_that_break_off_have_failed_and_the_next_is_scored():
    def process(document, _answers):
        return {"passed": float(1 / document["by"])}

    task = SimpleNamespace(process_results=process, aggregation=lambda: {"passed": None})
    bounded.bound(task)
    assert task.process_results({"by": 0}, []) == {"passed": 0.0}
    assert task.process_results({"by": 1}, []) == {"passed": 1.0}


def test_without_consent_a_task_is_refused_with_what_would_run(programs, monkeypatch):
    with pytest.raises(
        TaskError, match=r"scoring `programs` executes the programs .* --execute-code programs"
    ) as refused:
        load_task("programs")
    assert "at most 60 s and 4 GiB" in str(refused.value)
    monkeypatch.setenv(code.VARIABLE, "others, humaneval")
    with pytest.raises(TaskError, match="--execute-code programs"):
        load_task("programs")
    code.consent(["programs"])
    assert load_task("programs").UNSAFE_CODE
    assert os.environ.get(code.ALLOWS) is None


def test_a_spec_cannot_consent_and_the_command_line_can(programs, capsys):
    suites = [
        {"task": "programs", "role": "in_domain", "metric": "exact_match"},
        {"task": "humaneval", "role": "guard", "metric": "pass_at_k", "sesoi": 0.1, "sesoi_reason": "a tenth"},
    ]
    Path("mine.json").write_text(json.dumps({"extends": "gap", "suites": suites}))
    assert main(["validate", "mine.json"]) == 64
    said = capsys.readouterr().out
    assert "$.suites[0].task: scoring `programs` executes the programs that the model writes" in said
    assert "--execute-code humaneval" in said
    allowed = ["--execute-code", "programs", "--execute-code", "humaneval"]
    assert main(["validate", "mine.json", *allowed]) == 0
    assert "note: scoring `humaneval` executes the programs" in capsys.readouterr().out


def test_a_process_that_holds_a_thousand_files_reads_what_its_children_answer(monkeypatch):
    def high() -> tuple[int, int]:
        reading, writing = pipe()
        above = fcntl.fcntl(reading, fcntl.F_DUPFD_CLOEXEC, 1100)
        os.close(reading)
        return above, writing

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < 1200:
        pytest.skip("this system lets a process hold fewer than 1,200 files")
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, 1200), hard))
    pipe = os.pipe
    monkeypatch.setattr(os, "pipe", high)
    try:
        assert bounded.run(lambda: {"acc": 1.0}) == {"acc": 1.0}
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
