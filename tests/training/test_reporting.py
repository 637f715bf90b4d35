"""A training is reported through transformers' own integrations, under the names of grid, recipe and seed."""

import json
import sys

import pytest

from harness.methods.adapt import adapt
from harness.sources import models
from harness.spec.records import Model, Recipe
from harness.training import train
from harness.training.reporting import Reporting, reported

TRACKIO = """
from types import SimpleNamespace

__version__ = "1.0"
calls = []
context_vars = SimpleNamespace(
    current_space_id=SimpleNamespace(get=lambda: None), current_project=SimpleNamespace(get=lambda: None)
)


class Config(dict):
    def update(self, values, allow_val_change):
        super().update(values)


config = Config()


def init(**named):
    calls.append(("init", named["project"], named["name"]))


def log(values, **_):
    calls.append(("log", values))


def finish():
    calls.append(("finish",))
"""


@pytest.fixture
def reporting(tmp_path):
    return Reporting(
        report_to=("trackio",),
        project="gap",
        recipe="lora--x",
        seed=7,
        run="lora--x seed 7",
        folder=tmp_path / "tensorboard",
    )


@pytest.fixture
def trackio(tmp_path, monkeypatch):
    """A stand-in of trackio that keeps what it is told."""
    (tmp_path / "trackio.py").write_text(TRACKIO)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "trackio", raising=False)
    yield lambda: sys.modules["trackio"].calls
    sys.modules.pop("trackio", None)


def trained(tiny_model, reporting):
    loaded = models.load(Model(**tiny_model))
    rows = [{"prompt": f"Question: {n} + 1\nAnswer:", "completion": f" {n + 1}"} for n in range(4)]
    return train(
        adapt(loaded.model, Recipe(method="full", name="x"), seed=1),
        loaded.tokenizer,
        rows,
        {"max_steps": 2, "per_device_train_batch_size": 2, "max_length": 64},
        seed=1,
        on_step=lambda *_: None,
        reporting=reporting,
    )


def test_each_step_is_told_under_the_names_of_grid_recipe_and_seed(tiny_model, reporting, trackio):
    losses = trained(tiny_model, reporting).losses
    first, *logged = trackio()
    assert first == ("init", "gap", "lora--x seed 7")
    told = [each[1]["train/loss"] for each in logged if each[0] == "log" and "train/loss" in each[1]]
    assert told == pytest.approx(losses, abs=1e-3)
    assert trackio()[-1] == ("finish",)


def test_what_is_reported_changes_no_number(tiny_model, reporting, trackio):
    assert trained(tiny_model, reporting).losses == trained(tiny_model, None).losses


def test_others_are_named_in_the_environment_while_it_trains(reporting, monkeypatch, tmp_path):
    for name in ("WANDB_PROJECT", "MLFLOW_TAGS", "TENSORBOARD_LOGGING_DIR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("MLFLOW_EXPERIMENT_NAME", "ours")
    import os

    with reported(reporting):
        assert os.environ["WANDB_PROJECT"] == "gap"
        assert os.environ["MLFLOW_EXPERIMENT_NAME"] == "ours"
        assert json.loads(os.environ["MLFLOW_TAGS"]) == {"grid": "gap", "recipe": "lora--x", "seed": "7"}
        assert os.environ["TENSORBOARD_LOGGING_DIR"] == str(tmp_path / "tensorboard" / "lora--x seed 7")
    assert "WANDB_PROJECT" not in os.environ
    assert os.environ["MLFLOW_EXPERIMENT_NAME"] == "ours"
