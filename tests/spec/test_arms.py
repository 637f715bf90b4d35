"""The `arms` of a spec: folders and repositories, seeds and places, and every mistake at once."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.spec import Overrides, load, lock, unlock
from harness.spec.existing import ExistingArm, Weights, read_weights
from harness.spec.notes import notes


@pytest.fixture
def adapters(folder):
    """Two folders, as adapters lie beside a spec."""
    for name in ("a1", "a2"):
        (folder / name).mkdir()
    return folder


def with_arms(spec, **arms):
    spec["arms"] = arms
    return spec


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("./a-s1", Weights(path="./a-s1")),
        ("../b", Weights(path="../b")),
        ("~/c", Weights(path="~/c")),
        ("/d", Weights(path="/d")),
        ("org/a-s1", Weights(id="org/a-s1")),
        ("org/a-s1@abc1", Weights(id="org/a-s1", revision="abc1")),
        ("a-s1", None),
        ("org/a/b", None),
        ("org/../b", None),
        ("", None),
    ],
)
def test_a_text_is_a_folder_or_a_repository_by_its_form_alone(text, read):
    assert read_weights(text) == read


def test_models_stand_for_their_seeds_and_the_others_for_what_is_left_in_order(spec, adapters, write):
    with_arms(spec, theirs={"adapters": ["./a1", {"path": "a2", "seed": 1}]}, hub={"models": ["o/m@r", {"id": "o/n"}]})
    experiment = load(write(spec))
    theirs, hub = experiment.arms
    assert (theirs.name, theirs.kind, hub.name, hub.kind) == ("theirs", "adapter", "hub", "model")
    places = theirs.by_seed(experiment.seeds)
    assert places == {
        1: Weights(path=str(adapters / "a2"), seed=1),
        2: Weights(path=str(adapters / "a1")),
    }
    assert hub.by_seed(experiment.seeds) == {1: Weights(id="o/m", revision="r"), 2: Weights(id="o/n")}
    assert experiment.arm_names == (*spec["recipes"], "theirs", "hub")
    assert unlock(lock(experiment)) == experiment


@given(st.data())
def test_every_seed_has_one_model_and_every_model_one_seed(data):
    seeds = data.draw(st.lists(st.integers(0, 99), unique=True, min_size=1, max_size=8))
    known = data.draw(st.sets(st.sampled_from(seeds)))
    order = data.draw(st.permutations([seed if seed in known else None for seed in seeds]))
    weights = tuple(Weights(path=f"/{place}", seed=seed) for place, seed in enumerate(order))
    found = ExistingArm(name="x", kind="adapter", weights=weights).by_seed(seeds)
    assert list(found) == seeds
    assert sorted(each.key for each in found.values()) == sorted(each.key for each in weights)
    assert all(found[seed].seed == seed for seed in known)
    unknown = [each.key for each in found.values() if each.seed is None]
    assert unknown == [each.key for each in weights if each.seed is None]


def test_arms_alone_need_no_recipe_and_no_training(spec, adapters, write):
    del spec["recipes"], spec["training"]
    with_arms(spec, one={"adapters": ["./a1", "o/x"]}, two={"models": ["o/m", "o/n"]})
    spec["comparison"] |= {"reference": "two", "candidates": ["one"]}
    experiment = load(write(spec))
    assert experiment.arm_names == ("one", "two")
    rest = "; the seeds of 2 are not known, and they are paired by their order."
    assert [note for note in notes(experiment) if "not trained here" in note] == [
        f"the arm `one` is not trained here (2 adapters){rest}",
        f"the arm `two` is not trained here (2 models){rest}",
    ]


def test_an_experiment_without_recipes_and_arms_lacks_recipes(spec, write, problems):
    del spec["recipes"]
    found = problems(load, write(spec))
    assert [(path, message) for path, _, message, _ in found] == [("$", "`recipes` is missing")]


def test_a_search_has_nothing_to_search_in_arms(spec, adapters, write, problems):
    del spec["recipes"]
    with_arms(spec, one={"adapters": ["./a1", "o/x"]}, two={"models": ["o/m", "o/n"]})
    spec["comparison"] |= {"reference": "two", "candidates": ["one"]}
    spec["tune"] = {"search": {"learning_rate": {"values": [1e-4]}}, "seed": 9}
    found = problems(load, write(spec))
    assert [path for path, *_ in found] == ["$.tune"]


def test_all_that_is_wrong_with_arms_is_said_at_once(spec, adapters, write, problems):
    (adapters / "org" / "name").mkdir(parents=True)
    with_arms(
        spec,
        one={"adapters": ["a1", "./a3", {"path": "./a2", "seed": 7}]},
        base={"models": ["./a1", "./a1"]},
        none={},
        both={"adapters": ["./a1", "./a2"], "models": ["./a2"]},
        **{"full--default": {"models": [{"path": "./a1", "seed": 1}, {"path": "./a2", "seed": 1}]}},
        **{"../up": {"adapters": ["org/name", "org/x@../y"]}},
        odd={"adapters": [{"path": "./a1", "revision": "r"}, {"seed": 2}]},
        ids={"adapters": [{"id": "../x"}, {"id": "o/x", "revision": "--y"}]},
    )
    found = {(path, message) for path, _, message, _ in problems(load, write(spec))}
    there = adapters / "a3"
    assert found == {
        ("$.arms.one.adapters[1]", f"there is no folder {there}"),
        ("$.arms.one.adapters[0]", "'a1' is neither a folder nor a repository by its form"),
        ("$.arms.one.adapters[2].seed", "7 is not among the experiment's seeds (1, 2)"),
        ("$.arms.one", "3 models for 2 seeds"),
        ("$.arms.base", "'base' names another arm already"),
        ("$.arms.base.models[1]", "it is entry 0 already"),
        ("$.arms.none", "it has no list"),
        ("$.arms.both", "it has adapters and models"),
        ("$.arms.full--default", "'full--default' names another arm already"),
        ("$.arms.full--default.models[1].seed", "the seed 1 is that of entry 0 already"),
        ("$.arms.../up", "'../up' cannot name an arm"),
        ("$.arms.../up.adapters[0]", "'org/name' is a folder here, and may be a repository on the hub"),
        ("$.arms.../up.adapters[1]", "'../y' cannot be a revision"),
        ("$.arms.odd.adapters[0].revision", "a folder has no revision"),
        ("$.arms.odd.adapters[1]", "it needs either a `path` or an `id`"),
        ("$.arms.ids.adapters[0].id", "'../x' is no valid id"),
        ("$.arms.ids.adapters[1].revision", "'--y' is no valid revision"),
    }


def test_what_no_arm_can_be_is_said_by_the_schema(spec, adapters, write, problems):
    with_arms(spec, one={"adapters": ["./a1", {"path": "./a2", "sed": 1}, 3, {"path": "./a2", "seed": "two"}]})
    found = [(path, message) for path, _, message, _ in problems(load, write(spec))]
    assert found == [
        ("$.arms.one.adapters[1].sed", "unknown key `sed`"),
        ("$.arms.one.adapters[2]", "3 is of the wrong type"),
        ("$.arms.one.adapters[3].seed", "'unknown' was expected"),
    ]


def test_a_name_that_is_compared_is_looked_for_among_arms_too(spec, adapters, write, problems):
    with_arms(spec, theirs={"adapters": ["./a1", "./a2"]})
    spec["comparison"]["candidates"] = ["theirs"]
    assert load(write(spec)).comparison.candidates == ("theirs",)
    spec["comparison"]["candidates"] = ["their"]
    ((path, _, message, remedy),) = problems(load, write(spec))
    assert (path, message) == (
        "$.comparison.candidates[0]",
        "'their' is not among the experiment's recipes and arms",
    )
    assert "theirs" in remedy


@pytest.mark.parametrize(
    ("only", "names"),
    [
        (("theirs", "full--default"), ("full--default", "theirs")),
        (("theirs", "other"), ("theirs", "other")),
        (("full--default", "lora--last-half"), ("full--default", "lora--last-half")),
    ],
)
def test_only_what_is_named_is_kept_of_recipes_and_arms(spec, adapters, write, only, names):
    with_arms(spec, theirs={"adapters": ["./a1", "./a2"]}, other={"models": ["o/m", "o/n"]})
    spec["comparison"]["candidates"] = ["lora--last-half", "theirs"]
    spec["comparison"]["reference"] = only[0] if only[0] != "theirs" else only[1]
    assert load(write(spec), overrides=Overrides(only=only)).arm_names == names


def test_one_model_listed_in_two_forms_is_listed_twice(spec, write, problems):
    with_arms(spec, one={"adapters": ["org/x", {"id": "org/x", "seed": 2}]})
    found = [(path, message) for path, _, message, _ in problems(load, write(spec))]
    assert found == [("$.arms.one.adapters[1]", "it is entry 0 already")]
