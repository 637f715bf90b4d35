"""The public API is typed: mypy sees the types that tests/typing says."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

FOLDER = Path(__file__).parent / "typing"
ROOT = FOLDER.parents[1]
REVEALED = re.compile(r'^[^:]+:(\d+): note: Revealed type is "(.*)"$', re.MULTILINE)


@pytest.mark.run
@pytest.mark.parametrize("name", ["api.py"])
def test_a_type_checker_sees_what_the_comments_say(name):
    file = FOLDER / name
    command = [sys.executable, "-m", "mypy", str(file.relative_to(ROOT))]  # its notes on this tree are kept
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
    lines = enumerate(file.read_text(encoding="utf-8").splitlines(), start=1)
    asked = {str(number): line.partition("  # ")[2] for number, line in lines if line.startswith("reveal_type(")}
    assert dict(REVEALED.findall(done.stdout)) == asked
