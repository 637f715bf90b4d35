"""A training that is killed and goes on from its checkpoint ends with the weights of one that never was."""

import os
import random
import signal

import numpy as np
import pytest
import torch

from harness.errors import DamagedError
from harness.ledger.checkpoint import read_checkpoint
from harness.methods.adapt import adapt
from harness.sources import models
from harness.spec.records import Bottleneck, EarlyStopping, Layers, Model, Recipe
from harness.training import ValidationSet, keeping, train
from harness.training.keeping import Checkpoints
from harness.training.prefix import RowsPrefix

STEPS = 7
FIELDS = {
    "max_steps": STEPS,
    "per_device_train_batch_size": 2,
    "max_length": 64,
    "learning_rate": 0.01,
    "warmup_steps": 2,
    "gradient_accumulation_steps": 2,
}
LORA = {
    "peft_type": "LORA",
    "task_type": "CAUSAL_LM",
    "r": 2,
    "lora_dropout": 0.3,
    "target_modules": ["q_proj", "v_proj"],
}
ADALORA = {
    "peft_type": "ADALORA",
    "task_type": "CAUSAL_LM",
    "init_r": 4,
    "target_r": 2,
    "tinit": 1,
    "tfinal": 2,
    "deltaT": 1,
    "total_step": STEPS,
    "target_modules": ["q_proj", "v_proj"],
}
RECIPES = {
    "full": Recipe(method="full", name="x"),
    "lora": Recipe(method="lora", name="x", peft=LORA),
    "pissa": Recipe(method="lora", name="x", peft={**LORA, "init_lora_weights": "pissa"}),
    "adalora": Recipe(method="adalora", name="x", peft=ADALORA),
    "bottleneck": Recipe(
        method="bottleneck", name="x", bottleneck=Bottleneck(placement="pfeiffer", reduction_factor=8)
    ),
    "last": Recipe(method="lora", name="x", peft=LORA, layers=Layers(strategy="last", count=1)),
}
# Three steps an epoch, so that the second epoch begins within the training.
ROWS = [{"prompt": f"Question: {n} + 1\nAnswer:", "completion": f" {n + 1}" + " more" * n} for n in range(11)]
OTHER = [{"prompt": "Name a colour:", "completion": f" the {n}th of blue"} for n in range(4)]


class KilledError(Exception):
    pass


@pytest.fixture
def training(tiny_model, tmp_path, monkeypatch):
    monkeypatch.setattr(keeping, "SHARE", 1.0)  # a checkpoint after every step, however long it takes

    def run(name, *, killed_at=None, told_at=None, keeps=True, go_on=False, validation=None, prefix=False, **changes):
        loaded = models.load(Model(**tiny_model))
        adapted = adapt(loaded.model, RECIPES[name], seed=1)
        folder = tmp_path / "checkpoint"

        def on_step(step, *_):
            if step == killed_at:
                raise KilledError
            if step == told_at:
                os.kill(os.getpid(), signal.SIGTERM)

        result = train(
            adapted,
            loaded.tokenizer,
            ROWS,
            {**FIELDS, **changes.pop("fields", {})},
            seed=1,
            on_step=on_step,
            validation=validation,
            prefix=RowsPrefix(adapted, tmp_path / "rows", bound=10**8) if prefix else None,
            checkpoints=Checkpoints(
                folder=folder,
                minutes=0.0 if keeps else 60.0,
                about=lambda spent: {"train": spent.train},
                found=read_checkpoint(folder) if go_on else None,
            ),
            **changes,
        )
        return adapted, result

    return run


def agrees(training, name, at, **more):
    """Hold a training that is killed while it makes a step, and goes on from the one before, to one that is not."""
    whole, expected = training(name, keeps=False, **more)
    with pytest.raises(KilledError):
        training(name, killed_at=at, **more)
    random.seed(99)
    np.random.seed(99)  # noqa: NPY002 - the generator that libraries draw from
    torch.manual_seed(99)
    again, found = training(name, go_on=True, **more)
    for (one, weight), (other, its) in zip(
        whole.model.state_dict().items(), again.model.state_dict().items(), strict=True
    ):
        assert (one, torch.equal(weight, its)) == (other, True)
    for field in ("steps", "examples", "tokens", "losses", "flos", "order", "drawn_again", "engine", "best_step"):
        assert getattr(found, field) == getattr(expected, field), field
    for field in ("validation_losses", "updates_lost", "held_out", "rows", "computed"):
        assert getattr(found, field) == getattr(expected, field), field
    assert found.spent.train < found.seconds
    return expected, found


@pytest.mark.parametrize("padding_free", [True, False])
@pytest.mark.parametrize("name", ["full", "lora", "adalora", "bottleneck", "pissa"])
def test_weights_are_the_same_in_every_bit(training, name, padding_free):
    expected, _ = agrees(training, name, 6, padding_free=padding_free)
    assert expected.engine.startswith("padding-free" if padding_free else "padded")


@pytest.mark.parametrize("at", range(2, STEPS + 1))
def test_they_are_after_a_kill_at_any_step(training, at):
    agrees(training, "lora", at, padding_free=True)


@pytest.mark.parametrize("optimizer", ["sgd", "adafactor", "adamw_torch"])
@pytest.mark.parametrize("schedule", ["cosine", "constant_with_warmup"])
def test_they_are_with_any_optimizer_and_schedule(training, optimizer, schedule):
    agrees(training, "lora", 4, fields={"optim": optimizer, "lr_scheduler_type": schedule})


@pytest.mark.parametrize(("patience", "rate"), [(9, 0.05), (2, 5.0)])
def test_early_stopping_keeps_the_best_so_far_and_its_patience(training, patience, rate):
    stopping = EarlyStopping(patience=patience, eval_steps=1)
    validation = ValidationSet(rows=OTHER, early_stopping=stopping)
    expected, _ = agrees(training, "lora", 3, validation=validation, fields={"learning_rate": rate})
    assert (expected.steps < STEPS) == (rate > 1)


def test_validation_that_decides_nothing_is_taken_at_the_same_steps(training):
    expected, _ = agrees(training, "lora", 5, validation=ValidationSet(rows=OTHER, every=2))
    assert [step for step, _ in expected.validation_losses] == [2, 4, 6, 7]


def test_what_is_below_the_lowest_trained_layer_is_read_on(training):
    expected, found = agrees(training, "last", 5, padding_free=True, prefix=True)
    assert expected.prefix.notes == found.prefix.notes == ()
    assert expected.prefix.read == found.prefix.read


def test_one_that_is_told_to_stop_makes_its_step_and_goes_on_after_it(training, tmp_path):
    def stopped(number, _frame):
        raise KilledError(number)

    before = signal.signal(signal.SIGTERM, stopped)
    try:
        with pytest.raises(KilledError):
            training("lora", told_at=3, keeps=False)
    finally:
        signal.signal(signal.SIGTERM, before)
    assert read_checkpoint(tmp_path / "checkpoint").step == 4  # it comes when step 3 has ended
    whole, _ = training("lora", keeps=False)
    again, found = training("lora", go_on=True)
    assert found.steps == STEPS
    assert all(
        torch.equal(one, other) for one, other in zip(whole.model.parameters(), again.model.parameters(), strict=True)
    )


def test_a_checkpoint_of_another_training_is_refused(training):
    with pytest.raises(KilledError):
        training("lora", killed_at=4)
    with pytest.raises(DamagedError, match="checkpoint of another training"):
        training("full", go_on=True)


def test_a_callback_that_cannot_say_what_it_noted_has_none_kept(training, tmp_path, capsys):
    from transformers import TrainerCallback

    class Counts(TrainerCallback):
        pass

    training("lora", callbacks=[Counts()])
    assert read_checkpoint(tmp_path / "checkpoint") is None
    assert "no checkpoint is kept: Counts cannot say" in capsys.readouterr().err
