"""A recipe that trains until it has spent as much as another."""

import json

import pytest

from harness.execution.run import Options, execute
from harness.records import CellFailure
from harness.spec import load
from helpers.watchers import Silent


@pytest.fixture
def matched(tiny_spec, tmp_path):
    def run(measure, *, steps=6):
        recipe = json.loads((tmp_path / "adapters" / "lora--tiny.json").read_text())
        recipe["compute"] = {"recipe": "full--default", "measure": measure}
        (tmp_path / "adapters" / "lora--matched.json").write_text(json.dumps(recipe))
        spec = json.loads(tiny_spec.read_text())
        # Listed first: it still runs after the recipe whose compute it matches.
        spec["recipes"] = ["lora--matched", "full--default"]
        spec["comparison"]["candidates"] = ["lora--matched"]
        spec["seeds"] = [1]
        spec["training"]["max_steps"] = steps
        tiny_spec.write_text(json.dumps(spec))
        ended = execute(load(tiny_spec), tmp_path / "runs" / measure, Silent(), Options())
        return {outcome.cell.recipe: outcome for outcome in ended.outcomes}

    return run


def test_as_many_operations_are_spent(matched):
    ended = matched("flops")
    full, lora = ended["full--default"].training, ended["lora--matched"].training
    assert lora.steps > full.steps
    assert lora.flops == pytest.approx(full.flops, rel=0.5 * 1 / full.steps)


def test_virtual_tokens_are_operations_too(tiny_spec, tmp_path):
    prompt = {
        "description": "8 virtual tokens before every example",
        "peft": {"peft_type": "PROMPT_TUNING", "num_virtual_tokens": 8},
        "compute": {"recipe": "full--default", "measure": "flops"},
    }
    (tmp_path / "adapters" / "prompt--matched.json").write_text(json.dumps(prompt))
    spec = json.loads(tiny_spec.read_text())
    spec |= {"recipes": ["full--default", "prompt--matched"], "seeds": [1]}
    spec["comparison"]["candidates"] = ["prompt--matched"]
    spec["training"] |= {"max_steps": 12, "learning_rate": 1e-3}
    tiny_spec.write_text(json.dumps(spec))
    ended = execute(load(tiny_spec), tmp_path / "runs" / "prompt", Silent(), Options())
    full, prompted = (
        next(each.training for each in ended.outcomes if each.cell.recipe == name)
        for name in ("full--default", "prompt--matched")
    )
    assert prompted.examples == 2 * prompted.steps
    # Two thirds of full fine-tuning's operations a token, on the row's tokens and 8 more.
    a_token = full.flops / full.tokens * 2 / 3
    assert prompted.flops == pytest.approx(a_token * (prompted.tokens + 8 * prompted.examples))
    assert prompted.flops == pytest.approx(full.flops, rel=1 / prompted.steps)


def test_both_see_the_same_examples_for_as_long_as_the_shorter_trains(matched):
    ended = matched("flops")
    orders = [ended[name].training.order for name in ("full--default", "lora--matched")]
    assert orders[1][: len(orders[0])] == orders[0]


def test_the_number_of_steps_for_a_time_is_settled_before_training(matched):
    info = matched("time", steps=12)["lora--matched"].training
    assert info.steps >= 1
    assert info.steps == len(info.losses)


def test_a_cell_whose_other_failed_fails_with_it(matched, tmp_path):
    wild = {"description": "hides the shipped recipe", "training": {"learning_rate": 1e30}}
    (tmp_path / "adapters" / "full--default.json").write_text(json.dumps(wild))
    ended = matched("flops")
    failure = ended["lora--matched"]
    assert isinstance(failure, CellFailure)
    assert (failure.kind, failure.stage) == ("recipe", "match")
    assert "full--default with seed 1" in failure.message
