"""The real model and suites, from the command line: a verdict, the same one twice, and a run that resumes.

The second time is docs/tutorial.md, followed word for word after its installation.
"""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.real

HARNESS = [sys.executable, "-m", "harness"]
TUTORIAL = Path(__file__).parents[2] / "docs" / "tutorial.md"
STEPS = re.compile(
    r"^`(?P<name>[\w./-]+)`:\n\n```json\n(?P<content>.*?)^```|^\$ harness (?P<command>[^\n]*)$",
    re.MULTILINE | re.DOTALL,
)
OPEN = "compare runs/quick --gate"
"""Ends with 2: so few seeds settle nothing."""


def harness(*words, folder):
    # The unit tests' one thread is not for a real model.
    settings = {key: value for key, value in os.environ.items() if key != "OMP_NUM_THREADS"}
    return subprocess.run([*HARNESS, *words], cwd=folder, env=settings, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def first(tmp_path_factory):
    folder = tmp_path_factory.mktemp("first")
    return folder, harness("run", "quick", folder=folder)


def verdict(folder):
    return (folder / "runs" / "quick" / "verdict.json").read_bytes()


def test_a_run_ends_with_scores_and_a_verdict(first):
    folder, done = first
    assert done.returncode == 0, done.stderr
    for words in ("full--default", "lora--gradient-half", "techmanual_qa", "medical_cot"):
        assert words in done.stdout
    found = json.loads(verdict(folder))
    assert found["comparisons"]
    assert all(each["verdict"] for each in found["comparisons"])


def test_the_tutorial_is_followed_word_for_word_and_its_run_elsewhere_gives_the_same_bytes(first, tmp_path):
    folder, _ = first
    followed = []
    for step in STEPS.finditer(TUTORIAL.read_text(encoding="utf-8")):
        if step["name"]:
            file = tmp_path / step["name"]
            file.parent.mkdir(exist_ok=True)
            file.write_text(step["content"], encoding="utf-8")
            continue
        done = harness(*step["command"].split(), folder=tmp_path)
        assert done.returncode == (2 if step["command"] == OPEN else 0), done.stdout + done.stderr
        if step["command"] == "run quick":  # a recipe is added to it further down
            assert verdict(tmp_path) == verdict(folder)
        followed.append(step["command"])
    assert {"run quick", OPEN} <= set(followed)
    assert (tmp_path / "runs" / "quick" / "report.html").is_file()
    assert (tmp_path / "scores.csv").is_file()


def test_the_same_command_runs_nothing_again_and_ends_the_same(first):
    folder, done = first
    before = verdict(folder)
    journal = Path(folder / "runs" / "quick" / "journal.jsonl")
    began = journal.read_text().count('"began"')
    again = harness("run", "quick", folder=folder)
    assert again.stdout == done.stdout
    assert verdict(folder) == before
    assert journal.read_text().count('"began"') == began


def test_compare_over_the_runs_own_files_agrees_with_the_run(first):
    folder, _ = first
    compared = harness("compare", "runs/quick", "--json", folder=folder)
    assert compared.returncode == 0, compared.stderr
    assert json.loads(compared.stdout) == json.loads(verdict(folder))


def test_listing_shows_every_cell_done(first):
    folder, _ = first
    cells = json.loads(harness("ls", "runs/quick", "--json", folder=folder).stdout)
    assert [cell["status"] for cell in cells] == ["done"] * 5
