"""What a device holds of a batch: by a plan's estimate on a CPU, by steps of the largest recipe on anything else."""

import json
from dataclasses import replace

import pytest
import torch
from transformers import LlamaForCausalLM

from harness.errors import RecipeError
from harness.preflight import fit
from harness.records import Fit
from harness.spec import Overrides, load

BATCH = "training.per_device_train_batch_size=8"


def batches_of(rows, spec):
    return load(spec, overrides=Overrides(set=(f"training.per_device_train_batch_size={rows}",)))


@pytest.fixture
def experiment(tiny_spec):
    return batches_of(8, tiny_spec)


def asked(experiment, rows_at_once=None):
    return fit._most(fit.demands(experiment, fit._counted(experiment), "cpu"), rows_at_once)


def test_rows_are_not_even_counted_where_the_longest_allowed_would_fit(experiment, monkeypatch):
    monkeypatch.delattr(fit, "count_training")
    assert fit.estimated(experiment, room=2**40) == Fit()
    assert fit.settle(replace(experiment, recipes=()), "cpu") == Fit()


def test_a_batch_that_fits_by_its_rows_is_read_whole(experiment):
    assert fit.estimated(experiment, room=asked(experiment)) == Fit()
    without_limit = load(experiment.file, overrides=Overrides(set=(BATCH, "training.max_length=null")))
    assert fit.estimated(without_limit, room=asked(without_limit)) == Fit()


@pytest.mark.parametrize("rows", [4, 2, 1])
def test_a_batch_that_does_not_is_halved_until_the_largest_recipe_fits(experiment, rows):
    room = asked(experiment, rows)
    found = fit.estimated(experiment, room=room)
    assert found == Fit(way="estimated", rows_at_once=rows, recipe="full--default", rows=8, taken=room, room=room)
    assert f"read {rows} row{'s' * (rows > 1)} at a time" in str(found)
    assert "does not hold 8 of full--default (estimated)" in str(found)


def test_swap_takes_what_a_single_row_lacks_and_nothing_more(experiment):
    single = asked(experiment, 1)
    assert fit.estimated(experiment, room=single - 10, swap=10).rows_at_once == 1
    with pytest.raises(RecipeError, match=r"full--default is too large to be trained here: this machine has .* GiB"):
        fit.estimated(experiment, room=single - 10, swap=9)


def test_each_batch_of_an_experiment_is_read_in_parts_of_one_size(tiny_spec, tmp_path):
    recipe = json.loads((tmp_path / "adapters" / "lora--tiny.json").read_text())
    recipe["training"]["per_device_train_batch_size"] = 16
    (tmp_path / "adapters" / "lora--tiny.json").write_text(json.dumps(recipe))
    experiment = load(tiny_spec, overrides=Overrides(set=(BATCH,)))
    room = asked(experiment, 8) - 1
    assert fit.estimated(experiment, room=room).rows_at_once == 4


def test_a_batch_must_fit_with_the_largest_size_that_a_search_tries(tiny_spec, monkeypatch):
    search = {"search": {"peft.r": {"values": [1, 32]}}, "seed": 7, "recipes": ["lora--tiny"]}
    changes = (BATCH, f"tune={json.dumps(search)}", "validation.share=0.25")
    tried = []
    monkeypatch.setattr(fit, "estimated", lambda experiment, **_: tried.append(experiment) or Fit())
    fit.settle(load(tiny_spec, overrides=Overrides(set=changes)), "cpu")
    assert {each.peft["r"] for each in tried[0].recipes if each.peft} == {1, 2, 32}
    bytes_of = {
        each.recipe.peft["r"]: each.memory.bytes_with()
        for each in fit.demands(tried[0], fit._counted(tried[0]), "cpu")
        if each.recipe.peft
    }
    assert bytes_of[1] < bytes_of[2] < bytes_of[32]


def small_device(monkeypatch, rows):
    """Let a forward pass that keeps activations raise what torch raises on a card, where it is of more rows."""
    whole, tried = LlamaForCausalLM.forward, []

    def forward(self, input_ids=None, position_ids=None, **more):
        count = len(input_ids) if position_ids is None else int((position_ids == 0).sum())
        if torch.is_grad_enabled():
            tried.append(count)
            if count > rows:
                raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB.")
        return whole(self, input_ids=input_ids, position_ids=position_ids, **more)

    monkeypatch.setattr(LlamaForCausalLM, "forward", forward)
    return tried


@pytest.mark.parametrize(("rows", "settled"), [(4, None), (3, 2)])
def test_a_device_is_tried_with_steps_of_the_largest_recipe(tiny_spec, monkeypatch, rows, settled):
    tried = small_device(monkeypatch, rows)
    found = fit.measured(batches_of(4, tiny_spec), "cpu")
    assert (found.way, found.rows_at_once, found.recipe, found.rows) == ("measured", settled, "full--default", 4)
    sizes = [4] if settled is None else [4, settled]
    assert list(dict.fromkeys(tried)) == sizes
    assert tried.count(sizes[-1]) == fit.STEPS * 4 // sizes[-1]


def test_a_device_that_is_too_small_for_a_row_is_refused_with_what_helps(tiny_spec, monkeypatch):
    tried = small_device(monkeypatch, 0)
    with pytest.raises(RecipeError) as refused:
        fit.measured(batches_of(2, tiny_spec), "cpu")
    assert tried == [2, 1]
    said = str(refused.value)
    assert said.startswith("full--default is too large to be trained here: cpu ran out (with a single row at a time; ")
    assert "training.max_length 64" in said
    assert "training.gradient_checkpointing" in said


def test_what_is_wrong_for_another_reason_is_not_taken_for_memory(experiment, monkeypatch):
    def forward(self, **_):
        raise RuntimeError("the device-side assert")

    monkeypatch.setattr(LlamaForCausalLM, "forward", forward)
    with pytest.raises(RuntimeError, match="device-side"):
        fit.measured(experiment, "cpu")


def test_a_mixtures_batch_is_read_whole_or_not_at_all(experiment):
    config = {**experiment.model.config, "model_type": "mixtral", "num_local_experts": 2, "router_aux_loss_coef": 0.1}
    mixture = replace(experiment, model=replace(experiment.model, config=config), recipes=experiment.recipes[:1])
    with pytest.raises(RecipeError, match="the router's loss of a mixture is a batch's"):
        fit.estimated(mixture, room=asked(mixture) - 1)
    without = replace(mixture, training={**mixture.training, "router_aux_loss_coef": 0.0})
    assert fit.estimated(without, room=asked(without) - 1).rows_at_once == 4


def test_the_longest_rows_are_tried(experiment):
    words = fit.models.tokenizer(experiment.model)
    rows = [{"prompt": "a" * length, "completion": "b"} for length in (3, 9, 200, 5)]
    found = fit._longest(rows, words, {"max_length": 50}, count=2)
    assert [len(row["prompt"]) for row in found] == [9, 5]  # of the longest no completion is left


@pytest.mark.parametrize(("rows", "sizes"), [(1, []), (2, [1]), (6, [3, 2, 1]), (8, [4, 2, 1])])
def test_halves_go_down_to_a_single_row(rows, sizes):
    assert list(fit.halves(rows)) == sizes
