"""What two runs declare and score otherwise: each difference once, by its path, and nothing that is alike."""

import json
from dataclasses import replace

import pytest

from harness.compare.beside import declared_differences, made_differences, scores_beside
from harness.compare.summaries import summarise_scores
from harness.spec import Overrides, load
from helpers.runs import scored_run


def changed(spec, *settings, **others):
    return declared_differences(load(spec), load(spec, overrides=Overrides(set=settings, **others)))


def test_what_is_alike_is_not_told(tiny_spec):
    assert changed(tiny_spec) == ()


def test_a_spec_of_another_name_and_place_that_declares_the_same_is_the_same(tiny_spec):
    one = load(tiny_spec)
    assert declared_differences(one, replace(one, name="other", file=tiny_spec.parent / "other.json")) == ()


def test_each_value_is_told_by_its_path(tiny_spec):
    found = changed(tiny_spec, "training.max_steps=9", "suites[1].limit=5", seeds=(1, 2, 3))
    assert {each.path: (each.first, each.second) for each in found} == {
        "seeds": ([1, 2], [1, 2, 3]),
        "training.max_steps": (2, 9),
        "suites[sums_far].limit": (None, 5),
    }


def test_a_recipe_that_one_lacks_is_one_difference_and_the_others_stay_paired(tiny_spec):
    text = json.loads(tiny_spec.read_text())
    other = tiny_spec.with_name("other.json")
    other.write_text(json.dumps(text | {"recipes": ["lora--attention", *text["recipes"]]}))
    (one,) = declared_differences(load(tiny_spec), load(other))
    assert (one.path, one.first) == ("recipes[lora--attention]", None)
    assert one.second["id"] == "lora--attention"


@pytest.mark.parametrize("swap", [False, True])
def test_scores_that_one_run_lacks_are_none_there(tiny_spec, tmp_path, swap):
    few, many = (scored_run(tmp_path / name, tiny_spec, items=9) for name in ("few", "many"))
    sides = [summarise_scores(run.experiment, run.outcomes) for run in (few, many)]
    sides[0] = [each for each in sides[0] if each.recipe == "base"]
    found = scores_beside(*(reversed(sides) if swap else sides))
    assert len(found) == len(sides[1])
    lacking = [each for each in found if (each.second if swap else each.first) is None]
    assert {each.recipe for each in lacking} == {"full--default", "lora--tiny"}
    assert all(each.seeds[1 if swap else 0] == 0 for each in lacking)


def test_two_runs_of_the_same_were_made_from_the_same(tiny_spec, tmp_path):
    one, other = (scored_run(tmp_path / name, tiny_spec) for name in ("one", "other"))
    assert made_differences(one, other) == ()
