"""docs/tutorial.md, followed word for word after its installation."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.real

TEXT = (Path(__file__).parents[2] / "docs" / "tutorial.md").read_text(encoding="utf-8")
STEPS = re.compile(
    r"^`(?P<name>[\w./-]+)`:\n\n```json\n(?P<content>.*?)^```|^\$ harness (?P<command>[^\n]*)$",
    re.MULTILINE | re.DOTALL,
)
OPEN = "compare runs/quick --gate"
"""Ends with 2: so few seeds settle nothing."""


def test_the_tutorial_is_followed_word_for_word(tmp_path):
    settings = {key: value for key, value in os.environ.items() if key != "OMP_NUM_THREADS"}
    followed = []
    for step in STEPS.finditer(TEXT):
        if step["name"]:
            file = tmp_path / step["name"]
            file.parent.mkdir(exist_ok=True)
            file.write_text(step["content"], encoding="utf-8")
            continue
        words = [sys.executable, "-m", "harness", *step["command"].split()]
        done = subprocess.run(words, cwd=tmp_path, env=settings, capture_output=True, text=True, check=False)
        assert done.returncode == (2 if step["command"] == OPEN else 0), done.stdout + done.stderr
        followed.append(step["command"])
    assert OPEN in followed
    assert (tmp_path / "runs" / "quick" / "report.html").is_file()
    assert (tmp_path / "scores.csv").is_file()
