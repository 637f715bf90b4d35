"""The commit of a checkout and the machine, told without an accelerator's library."""

import subprocess

import pytest

from harness.ledger import hardware as module
from harness.ledger.hardware import Code, Hardware, code, hardware


def git(folder, *words):
    settings = ["-c", "user.name=a", "-c", "user.email=a@example.org", "-c", "commit.gpgsign=false"]
    done = subprocess.run(["git", *settings, "-C", folder, *words], check=True, capture_output=True, text=True)
    return done.stdout.strip()


def test_a_checkout_has_its_commit_and_says_whether_it_was_changed(tmp_path, monkeypatch):
    assert code(tmp_path) is None
    git(tmp_path, "init", "--quiet")
    assert code(tmp_path) is None  # without a commit
    (tmp_path / "a.py").write_text("1")
    git(tmp_path, "add", "a.py")
    git(tmp_path, "commit", "--quiet", "-m", "one")
    monkeypatch.setenv("GIT_DIR", "/elsewhere")  # set within a hook
    commit = code(tmp_path).commit
    assert code(tmp_path) == Code(commit=commit, dirty=False)
    (tmp_path / "new").touch()
    assert not code(tmp_path).dirty
    (tmp_path / "a.py").write_text("2")
    assert code(tmp_path) == Code(commit=commit, dirty=True)
    assert str(code(tmp_path)) == f"commit {commit} with changes"
    monkeypatch.setenv("PATH", str(tmp_path))
    assert code(tmp_path) is None


def test_a_machine_says_what_it_is(tmp_path, monkeypatch):
    information = tmp_path / "gpus" / "0000:01:00.0" / "information"
    information.parent.mkdir(parents=True)
    information.write_text("Model: \t\t NVIDIA H100\nIRQ: 5\n")
    monkeypatch.setattr(module, "_NVIDIA", tmp_path / "gpus")
    found = hardware()
    assert found.accelerators == ("NVIDIA H100",)
    assert found.cores is not None
    assert found.cores >= 1
    assert found.machine


@pytest.mark.parametrize(
    ("machine", "said"),
    [
        (Hardware(), ""),
        (
            Hardware(machine="x86_64", processor="A", cores=2, memory_bytes=8_000_000_000, accelerators=("T4",)),
            "x86_64, A, 2 cores, 8.0 GB, T4",
        ),
    ],
)
def test_it_is_said_in_a_line(machine, said):
    assert str(machine) == said
