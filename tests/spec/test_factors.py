"""Factors: variants of a recipe without a file each, named, located and refused."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.errors import SpecError
from harness.spec import load
from harness.spec.experiment import read_spec
from harness.spec.factors import variants
from harness.spec.locked import reread, written
from harness.spec.overrides import Overrides
from harness.spec.records import Factor, Factors

RANKS = {"4": {"peft": {"r": 4, "lora_alpha": 8}}, "2": {"peft": {"r": 2, "lora_alpha": 4}}}
DROPOUT = {"0.1": {"peft": {"lora_dropout": 0.1}}}


def of(recipe, **more):
    return {"of": recipe, "levels": {"rank": RANKS, "dropout": DROPOUT}, **more}


@pytest.fixture
def centre(spec):
    return next(name for name in spec["recipes"] if name.startswith("lora--"))


def test_one_at_a_time_each_variant_differs_in_one_factor(spec, write, centre):
    spec["factors"] = of(centre)
    experiment = load(write(spec))
    recipes = {recipe.id: recipe for recipe in experiment.recipes}
    assert list(recipes)[-3:] == [f"{centre}-rank-4", f"{centre}-rank-2", f"{centre}-dropout-0.1"]
    assert recipes[f"{centre}-rank-4"].peft == {**recipes[centre].peft, "r": 4, "lora_alpha": 8}
    assert recipes[f"{centre}-dropout-0.1"].peft == {**recipes[centre].peft, "lora_dropout": 0.1}
    assert recipes[f"{centre}-rank-2"].description == f"{centre} with rank 2."
    assert recipes[f"{centre}-rank-2"].layers == recipes[centre].layers


def test_in_full_all_factors_are_crossed_and_the_centre_is_not_trained_twice(spec, write, centre):
    levels = {"rank": {"own": {}, **RANKS}, "dropout": {"0": {}, **DROPOUT}}
    spec["factors"] = {"of": [centre], "design": "full", "levels": levels}
    found = [each.id.removeprefix(centre) for each in variants(load(write(spec)).factors)]
    assert found == [
        "-rank-own-dropout-0.1",
        "-rank-4-dropout-0",
        "-rank-4-dropout-0.1",
        "-rank-2-dropout-0",
        "-rank-2-dropout-0.1",
    ]


@given(
    st.dictionaries(st.sampled_from("abcd"), st.integers(1, 4), min_size=1),
    st.integers(1, 3),
)
def test_designs_have_as_many_variants_as_arithmetic_says(sizes, centres):
    levels = tuple(
        Factor(name=name, levels=tuple(map(str, range(size))), changes=({"probe_batches": 2},) * size)
        for name, size in sizes.items()
    )
    names = tuple(f"lora--{n}" for n in range(centres))
    alone = variants(Factors(of=names, varied=levels))
    crossed = variants(Factors(of=names, design="full", varied=levels))
    product = 1
    for size in sizes.values():
        product *= size
    assert len(alone) == centres * sum(sizes.values())
    assert len(crossed) == centres * product
    assert len({each.id for each in (*alone, *crossed)}) >= max(len(alone), len(crossed))


def test_a_variant_may_be_compared_by_name(spec, write, centre):
    spec["factors"] = of(centre)
    spec["comparison"]["candidates"] = [f"{centre}-rank-4"]
    spec["comparison"]["reference"] = next(name for name in spec["recipes"] if name != centre)
    assert load(write(spec)).comparison.candidates == (f"{centre}-rank-4",)


MISTAKES = {
    "a centre that is no recipe": (
        lambda name: {**of(name), "of": [name, "lora--nobody"]},
        "$.factors.of[1]",
        "not among the experiment's recipes",
    ),
    "a level that changes nothing": (
        lambda name: {"of": name, "levels": {"rank": {**RANKS, "own": {}}}},
        "$.factors.levels.rank.own",
        "changes nothing",
    ),
    "a field that the method does not have": (
        lambda name: {"of": name, "levels": {"rank": {"4": {"peft": {"rr": 4}}}}},
        "$.peft.rr",
        "unknown key",
    ),
    "a name that names no recipe": (
        lambda name: {"of": name, "levels": {"rank": {"4" * 99: RANKS["4"]}}},
        "$.factors",
        "cannot name a recipe",
    ),
    "no level": (lambda name: {"of": name, "levels": {"rank": {}}}, "$.factors.levels.rank", "empty"),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_what_cannot_be_varied_is_refused_where_it_is_written(spec, write, centre, problems, mistake):
    block, where, words = MISTAKES[mistake]
    spec["factors"] = block(centre)
    path = write(spec)
    found = problems(load, path)
    assert [(at, words in message) for at, _, message, _ in found] == [(where, True)]


def test_a_variants_mistake_has_the_line_of_the_spec(spec, write, centre):
    spec["factors"] = {"of": centre, "levels": {"rank": {"4": {"peft": {"rr": 4}}}}}
    path = write(spec)
    path.write_text(json.dumps(json.loads(path.read_text()), indent=1))
    with pytest.raises(SpecError) as raised:
        load(path)
    (problem,) = raised.value.problems
    line = next(n for n, text in enumerate(path.read_text().splitlines(), 1) if '"rr"' in text)
    assert (problem.file.endswith(path.name), problem.line) == (True, line)


def test_what_is_left_out_is_not_varied(spec, write, centre):
    spec["factors"] = of(centre)
    spec["recipes"].append(other := "lora--r4")
    spec["comparison"]["candidates"] = [*spec["comparison"]["candidates"], other]
    kept = Overrides(only=(spec["comparison"]["reference"], other))
    if centre == spec["comparison"]["reference"]:
        pytest.skip("the reference is the centre here")
    assert load(write(spec), overrides=kept).factors is None
    assert "factors" not in read_spec(write(spec), overrides=kept).document.value


def test_a_locked_experiment_has_its_variants_as_recipes_and_knows_what_they_vary(spec, write, centre, tmp_path):
    spec["factors"] = of(centre)
    experiment = load(write(spec))
    assert "factors" not in written(experiment).spec
    lock = tmp_path / "spec.lock.json"
    lock.write_text("{}")
    again = reread(experiment, lock)
    assert again.recipes == experiment.recipes
    assert again.factors == experiment.factors
