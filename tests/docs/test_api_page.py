"""docs/api.md names every public function; a type checker accepts the programs that it and the README show."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

import harness

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "docs" / "api.md").read_text(encoding="utf-8")
README = (ROOT / "README.md").read_text(encoding="utf-8")
PROGRAMS = re.findall(r"^```python\n(.*?)^```", TEXT + README, re.MULTILINE | re.DOTALL)


def test_every_public_function_is_in_the_table():
    functions = {name for name in harness.__all__ if name.islower()}
    assert set(re.findall(r"`harness\.(\w+)\(", TEXT)) >= functions


@pytest.mark.run
def test_the_programs_shown_are_sound(tmp_path):
    assert PROGRAMS
    for number, program in enumerate(PROGRAMS):
        (tmp_path / f"shown_{number}.py").write_text(program, encoding="utf-8")
    command = [sys.executable, "-m", "mypy", *map(str, tmp_path.glob("*.py"))]  # its notes on this tree are kept
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
