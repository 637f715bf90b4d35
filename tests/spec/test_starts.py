"""Recipes that start from an arm's adapter: read, resolved by seed, what is wrong with the arm told with its place."""

import json

import pytest

from harness.spec import Overrides, load, lock, unlock
from harness.spec.recipe import read_recipe

ARMS = {"production": {"adapters": [{"path": "./p1", "seed": 2}, "./p2"]}}


@pytest.fixture
def refreshed(spec, write, folder):
    """Write the spec with recipes that start from the arm `production`, and return what changes it."""
    for name in ("p1", "p2", "whole"):
        (folder / name).mkdir()

    def refreshed(start, *, arms=ARMS, **changes):
        write({"extends": "lora--last-half", "start": start}, "adapters/lora--refreshed.json")
        comparison = {**spec["comparison"], "candidates": ["lora--refreshed"]}
        recipes = ["full--default", "lora--refreshed"]
        return write({**spec, "recipes": recipes, "comparison": comparison, "arms": arms, **changes})

    return refreshed


def test_each_seed_starts_from_the_adapter_that_stands_for_it(refreshed, folder):
    experiment = load(refreshed({"arm": "production", "then": "continue"}))
    plain, recipe = experiment.recipes
    assert (plain.start, plain.continues, plain.merges_first) == (None, False, False)
    assert (recipe.continues, recipe.merges_first) == (True, False)
    assert experiment.start_of(plain, 1) is None
    assert [experiment.start_of(recipe, seed).path for seed in (1, 2)] == [str(folder / "p2"), str(folder / "p1")]
    assert unlock(json.loads(json.dumps(lock(experiment)))) == experiment


def test_a_variant_of_a_factor_starts_over_or_not(refreshed):
    levels = {"start": {"over": {"start": None}, "merged": {"start": {"then": "merge"}}}}
    file = refreshed({"arm": "production", "then": "continue"}, factors={"of": "lora--refreshed", "levels": levels})
    found = {each.id: each for each in load(file).recipes}
    assert found["lora--refreshed-start-over"].start is None
    assert found["lora--refreshed-start-merged"].merges_first


def test_an_arm_that_is_not_there_is_named_with_the_arms_and_how_one_is_declared(refreshed, problems):
    file = refreshed({"arm": "prodution", "then": "merge"})
    ((path, line, message, remedy),) = problems(load, file)
    assert (path, line) == ("$.start.arm", 4)
    assert message == "lora--refreshed starts from the arm 'prodution', which is not among the experiment's arms"
    assert "`production`" in remedy
    assert '"arms": {"prodution": {"adapters": ["./folder"]}}' in remedy


def test_an_arm_that_is_left_out_leaves_nothing_to_start_from(refreshed, problems):
    file = refreshed({"arm": "production", "then": "merge"})
    found = problems(load, file, overrides=Overrides(only=("full--default", "lora--refreshed")))
    assert any("not among the experiment's arms" in message for _, _, message, _ in found)


def test_whole_models_are_neither_continued_nor_merged(refreshed, problems):
    arms = {"production": {"models": ["./p1", "./whole"]}}
    ((path, _, message, _),) = problems(load, refreshed({"arm": "production", "then": "merge"}, arms=arms))
    assert path == "$.start.arm"
    assert "which holds whole models" in message


def test_trials_have_no_adapter_to_start_from(refreshed, problems):
    tune = {"seed": 9, "search": {"learning_rate": {"values": [1e-3, 1e-2]}}}
    file = refreshed({"arm": "production", "then": "continue"}, tune=tune)
    assert any(
        path == "$.tune" and "'lora--refreshed' starts from an adapter, and trials have a seed of their own" in message
        for path, _, message, _ in problems(load, file)
    )
    spec = json.loads(file.read_text())
    spec["tune"]["recipes"] = ["full--default"]
    file.write_text(json.dumps(spec))
    assert load(file).tune is not None
    spec["tune"]["search"] = {"start.then": {"values": ["merge", "continue"]}}
    file.write_text(json.dumps(spec))
    assert any("is not a field that can be searched: trials have" in each[2] for each in problems(load, file))


MISTAKES = {
    "no end": ({"arm": "production"}, "$.start", "`then` is missing"),
    "another end": ({"arm": "production", "then": "keep"}, "$.start.then", '"keep" is not allowed'),
    "no arm": ({"then": "merge"}, "$.start", "`arm` is missing"),
    "an unknown key": ({"arm": "production", "then": "merge", "seed": 1}, "$.start.seed", "unknown key `seed`"),
}


@pytest.mark.parametrize(("start", "path", "words"), MISTAKES.values(), ids=MISTAKES)
def test_a_mistake_is_named_with_its_place(write, problems, start, path, words):
    file = write({"extends": "lora--r16", "start": start}, "adapters/lora--tried.json")
    ((at, _, message, _),) = problems(read_recipe, file)
    assert at == path
    assert words in message


def test_stages_start_from_what_was_before_them(write, problems):
    start = {"arm": "production", "then": "merge"}
    write({"extends": "lora--r16", "start": start}, "adapters/lora--started.json")
    file = write({"stages": [{"recipe": "lora--started"}]}, "adapters/staged--tried.json")
    ((path, _, message, _),) = problems(read_recipe, file)
    assert path == "$.stages[0].recipe"
    assert "starts from an arm's adapter, and a stage from what the one before it left" in message
    file = write({"stages": [{"recipe": "lora--r16"}], "start": start}, "adapters/staged--tried.json")
    assert [path for path, *_ in problems(read_recipe, file)] == ["$.start"]


def test_how_a_matched_recipe_starts_does_not_matter(write):
    write({"extends": "lora--r16", "start": {"arm": "production", "then": "merge"}}, "adapters/lora--started.json")
    file = write({"extends": "lora--r8", "match": {"recipe": "lora--started"}}, "adapters/lora--matched.json")
    assert read_recipe(file).recipe.match.recipe.start is None
