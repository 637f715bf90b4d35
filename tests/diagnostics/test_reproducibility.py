"""An adapter made twice: that its start follows the seed, and that no two models lie in memory for it."""

import gc
import itertools
import weakref
from dataclasses import replace

import pytest
import torch

from harness import diagnostics
from harness.diagnostics import FirstStart, is_made_twice, start_follows_seed
from harness.execution import part as running
from harness.execution.clock import Clock
from harness.execution.course import course_of
from harness.execution.unit import CellWork, ReferenceBudget
from harness.methods import adapt as making
from harness.methods.layers import choose as choosing
from harness.plan.cells import plan_cells
from harness.sources import models
from harness.spec import load
from harness.spec.records import Bottleneck, Compute, Layers, Model, Recipe
from harness.training.rows import rows_sha256, training_rows
from helpers.contents import CONTENT

LORA = {"peft_type": "LORA", "r": 2, "target_modules": ["q_proj", "v_proj"]}
RECIPE = Recipe(method="lora", name="tiny", peft=LORA)
GRADIENT = replace(RECIPE, layers=Layers(strategy="gradient", count=1), probe_batches=1)


@pytest.fixture
def adapted(tiny_model):
    def batches():
        ids = torch.arange(3, 11)[None]
        yield {"input_ids": ids, "attention_mask": torch.ones_like(ids), "labels": ids}

    def to(recipe):
        return making.adapt(models.load(Model(**tiny_model)).model, recipe, seed=1, batches=batches)

    return to


def guard(adapted, recipe=RECIPE):
    first = FirstStart.of(adapted(recipe))
    again = first.as_declared(adapted(first.recipe_again(recipe)), recipe)
    return start_follows_seed(diagnostics.start_digest(again), first.sha256), again


@pytest.mark.parametrize("recipe", [RECIPE, replace(RECIPE, peft=None, bottleneck=Bottleneck(placement="pfeiffer"))])
def test_a_start_that_the_seed_alone_gives_passes(adapted, recipe):
    assert guard(adapted, recipe)[0].passed


def test_a_start_that_something_else_has_a_part_in_is_found(adapted, monkeypatch):
    other = itertools.count()
    monkeypatch.setattr(making, "set_seed", lambda seed: torch.manual_seed(seed + next(other)))
    assert not guard(adapted)[0].passed


def test_layers_that_data_chose_are_taken_over_with_what_finding_them_took(adapted, monkeypatch):
    asked = []
    monkeypatch.setattr(
        choosing, "select", lambda request, choose=choosing.select: asked.append(request) or choose(request)
    )
    found, again = guard(adapted, GRADIENT)
    assert found.passed
    assert [request.layers.strategy for request in asked] == ["gradient", "list"]
    assert [probe.purpose for probe in again.probes] == ["gradient"]
    assert again.recipe.layers.strategy == "gradient"


def test_what_draws_nothing_or_reads_data_is_not_made_twice():
    assert is_made_twice(RECIPE)
    assert not is_made_twice(Recipe(method="full", name="x"))
    assert not is_made_twice(replace(RECIPE, peft={**LORA, "init_lora_weights": "eva"}))


@pytest.mark.parametrize("measure", [None, "time"])
def test_no_two_models_lie_in_memory(tiny_spec, tmp_path, monkeypatch, measure):
    experiment = load(tiny_spec)
    if measure:
        matched = replace(experiment.recipes[1], compute=Compute(recipe="full--default", measure=measure))
        experiment = replace(experiment, recipes=(experiment.recipes[0], matched))
    planned = next(each for each in plan_cells(experiment, CONTENT) if each.cell.recipe == "lora--tiny")
    alive, loading = [], models.load

    def counted(*args, **options):
        gc.collect()
        assert [each for each in alive if each() is not None] == []
        loaded = loading(*args, **options)
        alive.append(weakref.ref(loaded.model))
        return loaded

    monkeypatch.setattr(models, "load", counted)
    rows = training_rows(experiment, models.tokenizer(experiment.model))
    work = CellWork(
        experiment=experiment,
        planned=planned,
        folder=tmp_path / "cell",
        device="cpu",
        content=replace(CONTENT, rows=rows_sha256(rows)),
        budget=ReferenceBudget(seconds=60.0, flops=1.0, steps=2, tokens=10, rows=2) if measure else None,
    )
    monkeypatch.setattr("harness.execution.matched_budget.PILOT", 4)
    monkeypatch.setattr(running, "steps_for_time", lambda *given, steps=running.steps_for_time: min(steps(*given), 2))
    clock = Clock(lambda body: None)
    course = course_of(work, planned.recipe, clock)
    part = running.Part(work=work, whole=planned.recipe, place=0, state=tmp_path / "adapter", course=course)
    _, record = running.train_part(part, clock)
    assert len(alive) == 2
    assert record.measurements["start_follows_seed"].passed
    assert {"load", "adapt", "train"} <= set(clock.seconds)
