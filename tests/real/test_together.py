"""What a spec may ask for beside the verdict, all of it in one run of the real model."""

import json
import os
import subprocess
import sys

import pytest

from helpers.quick import K8S, MANUALS, TEXT, short, written

pytestmark = pytest.mark.real

SPEC = short(
    "together",
    steps=3,
    description="Stages, a search, early stopping, matched compute and the merge check in one run.",
    validation={"limit": 8},
    early_stopping={"patience": 2, "eval_steps": 1},
    tune={
        "search": {"learning_rate": {"factors": [1, 10]}},
        "seed": 7,
        "max_steps": 1,
        "recipes": ["lora--last-half"],
    },
    recipes=["lora--last-half", "lora--as-long", "staged--k8s-twice"],
    comparison={"reference": "lora--last-half", "candidates": ["lora--as-long", "staged--k8s-twice"]},
    suites=[K8S, MANUALS, {**TEXT, "sesoi_reason": "as in-domain"}],
    evaluation={"limit": 6},
    merge={"check": True, "items": 4},
)
RECIPES = {
    "lora--as-long": {
        "description": "the first quarter of the layers, as many operations as the last half",
        "extends": "lora--last-half",
        "layers": {"strategy": "first", "fraction": 0.25},
        "compute": {"recipe": "lora--last-half", "measure": "flops"},
    },
    "staged--k8s-twice": {
        "description": "two adapters, the first merged",
        "stages": [{"recipe": "lora--r4", "then": "merge"}, {"recipe": "lora--r8"}],
    },
}


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    folder = tmp_path_factory.mktemp("together")
    written(folder, SPEC, RECIPES)
    settings = {key: value for key, value in os.environ.items() if key != "OMP_NUM_THREADS"}
    command = [sys.executable, "-m", "harness", "run", "together.json"]
    done = subprocess.run(command, cwd=folder, env=settings, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return folder / "runs" / "together", done


def results(folder):
    found = [json.loads(path.read_text()) for path in folder.glob("cells/*/result.json")]
    return {each["cell"]["recipe"]: each for each in found}


def test_every_guard_of_every_recipe_passes(run):
    folder, _ = run
    for recipe, result in results(folder).items():
        found = {**(result["train_info"] or {}).get("measurements", {}), **result["measurements"]}
        failed = [name for name, each in found.items() if each["passed"] is False]
        assert not failed, recipe


def test_the_search_chooses_between_its_trials(run):
    folder, done = run
    (choice,) = json.loads((folder / "spec.lock.json").read_text())["tuning"]
    losses = [trial["validation_loss"] for trial in choice["trials"]]
    assert choice["values"] == choice["trials"][losses.index(min(losses))]["values"]
    assert "unequal search" in done.stdout


def test_the_best_weights_by_validation_loss_are_kept(run):
    folder, _ = run
    info = results(folder)["lora--last-half"]["train_info"]
    losses = dict(map(tuple, info["validation_losses"]))
    assert info["best_step"] == min(losses, key=losses.get)


def test_merged_and_unmerged_scores_agree(run):
    folder, _ = run
    for name in ("lora--last-half", "staged--k8s-twice"):
        assert results(folder)[name]["measurements"]["merged_scores_agree"]["passed"]
