"""The light verbs load no heavy library: that is what keeps their start-up short on every machine."""

import subprocess
import sys

import pytest

HEAVY = ("torch", "transformers", "datasets", "scipy", "numpy", "lm_eval", "peft", "trl")

PROGRAM = """
import sys
from harness.cli import main
code = main(sys.argv[1:])
loaded = [name for name in {heavy} if name in sys.modules]
sys.exit(f"exit code {{code}}, loaded {{loaded}}" if code or loaded else 0)
"""


@pytest.mark.parametrize(
    "words",
    [
        ["--help"],
        ["--version"],
        ["validate", "--help"],
        ["validate", "gap", "quick", "lora--last-half"],
        ["validate", "gap", "--set", "training.max_steps=5", "--json"],
        ["ls"],
        ["ls", "--json"],
        ["schema", "recipe"],
        ["adapters"],
        ["adapters", "--json"],
        ["init", "mine"],
        ["show", "gap"],
        ["show", "lora--last-half", "--json"],
        ["report", "--help"],
    ],
    ids=" ".join,
)
def test_a_light_verb_loads_no_heavy_library(words, tmp_path):
    (tmp_path / "runs").mkdir()
    program = PROGRAM.format(heavy=HEAVY)
    done = subprocess.run(
        [sys.executable, "-c", program, *words], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout


def test_the_check_notices_a_heavy_library(tmp_path):
    program = "import numpy\n" + PROGRAM.format(heavy=HEAVY)
    done = subprocess.run(
        [sys.executable, "-c", program, "--version"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert "numpy" in done.stderr
