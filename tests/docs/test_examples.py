"""The examples run, each as its first lines say."""

import shlex
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import yaml

from harness.cli import parser_of
from harness.spec import Overrides, load
from helpers.logs import arms

EXAMPLES = Path(__file__).parents[2] / "examples"


def example(name, *words, cwd):
    command = [sys.executable, str(EXAMPLES / name), *map(str, words)]
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)


def test_every_example_is_run_here():
    assert {path.name for path in EXAMPLES.glob("*.py")} == {"compare_logs.py", "minimal_cell.py"}


@pytest.mark.run
def test_a_cell_by_hand_trains_saves_and_scores(tiny_spec, tmp_path):
    done = example("minimal_cell.py", tiny_spec, "lora--tiny", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "lora--tiny: " in done.stdout
    assert "2 steps in " in done.stdout
    assert "sums_far, 20 items: {'acc,none': " in done.stdout
    assert list((tmp_path / "cell" / "scores" / "sums").glob("samples_sums_*.jsonl"))
    assert (tmp_path / "cell" / "adapter" / "adapter_model.safetensors").is_file()


def test_logs_are_compared_and_gated(tmp_path):
    arms(tmp_path / "logs", ("near", "far"), np.random.default_rng(3), items=200, gaps=(0.4, 0.4))
    done = example("compare_logs.py", "logs", "near", "far", cwd=tmp_path)
    assert done.returncode == 1, done.stderr
    assert done.stdout.startswith("lora, near → far: persists")
    assert "gate rejected: lora is worse on near" in done.stdout


def test_the_skypilot_recipe_is_yaml_whose_command_and_experiment_there_are():
    recipe = yaml.safe_load((EXAMPLES / "skypilot.yaml").read_text(encoding="utf-8"))
    known = {"name", "resources", "envs", "workdir", "volumes", "setup", "run"}
    assert set(recipe) == known
    words = shlex.split(recipe["run"])
    for name, value in recipe["envs"].items():
        words = [word.replace(f"${name}", str(value)) for word in words]
    assert Path(words[0]).name == "harness"
    asked = parser_of(("run",)).parse_args(words[1:])
    assert asked.units == recipe["envs"]["UNITS"]
    assert load(asked.spec, overrides=Overrides(set=tuple(asked.set))).execute.shared_folder
    assert any(str(asked.out).startswith(f"{mount}/") for mount in recipe["volumes"])
