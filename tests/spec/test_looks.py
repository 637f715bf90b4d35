"""Looks are checked against the seeds, all mistakes at once; an heir with other seeds keeps fractions of them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.spec import Overrides, load
from harness.spec.looks import FEWEST, resolved
from harness.spec.notes import notes

SEEDS = [1, 2, 3, 4, 5]
LOOKS = "$.comparison.looks"


@pytest.fixture
def declared(spec, write):
    """Return a function that loads the spec of five seeds with some looks."""

    def declared(looks, seeds=SEEDS):
        spec["seeds"] = seeds
        spec["comparison"]["looks"] = looks
        return load(write(spec))

    return declared


def test_without_looks_a_run_is_judged_at_its_end(declared):
    assert declared([]).looks == ()
    assert declared([]).comparison.stop_at == "settled"


def test_numbers_and_fractions_come_to_numbers_of_seeds(declared):
    assert declared([3, 5]).looks == (3, 5)
    assert declared([0.5, 0.7, 1]).looks == (3, 4, 5)
    assert declared([0.6, 1.0]).looks == (3, 5)


@pytest.mark.parametrize(
    ("looks", "found"),
    [
        ([1, 5], [(f"{LOOKS}[0]", "a look at one seed")]),
        ([3, 8], [(f"{LOOKS}[1]", "beyond the 5")]),
        ([3, 4], [(f"{LOOKS}[1]", "not at all 5 seeds")]),
        ([4, 3, 5], [(f"{LOOKS}[1]", "does not come after 4")]),
        ([3, 3, 5], [(f"{LOOKS}[1]", "does not come after 3")]),
        ([0.5, 5], [(f"{LOOKS}[0]", "0.5 is not a number of seeds")]),
        ([0.5, 0.8], [(f"{LOOKS}[1]", "not at all seeds")]),
        ([0.8, 0.5, 1], [(f"{LOOKS}[1]", "does not come after 0.8")]),
        ([0, 5], [(f"{LOOKS}[0]", "out of range")]),
        ([True, 5], [(f"{LOOKS}[0]", "wrong type")]),
        (
            [1, 7, 2.5, 4],
            [
                (f"{LOOKS}[0]", "one seed"),
                (f"{LOOKS}[1]", "beyond"),
                (f"{LOOKS}[2]", "does not come after 7"),
                (f"{LOOKS}[2]", "2.5 is not a number"),
                (f"{LOOKS}[3]", "not at all"),
            ],
        ),
    ],
)
def test_every_mistake_is_told_at_once(declared, problems, looks, found):
    told = problems(declared, looks)
    assert [path for path, *_ in told] == [path for path, _ in found]
    for (_, line, message, remedy), (_, words) in zip(told, found, strict=True):
        assert words in message
        assert line is not None
        assert remedy


def test_an_heir_with_other_seeds_keeps_fractions_and_drops_numbers_with_a_note(spec, write):
    spec["seeds"] = SEEDS
    for looks, left in (([3, 5], ()), ([0.6, 1], (2, 3))):
        spec["comparison"]["looks"] = looks
        write(spec, "base.json")
        child = load(write({"extends": "./base.json", "seeds": [7, 8, 9]}, "child.json"))
        assert child.looks == left
        assert [note for note in notes(child) if "looks" in note and "dropped" in note] == (
            [] if left else [next(iter(notes(child)))]
        )
        assert load(write({"extends": "./base.json", "keep_weights": True}, "same.json")).looks == (3, 5)


def test_seeds_of_the_command_line_drop_looks_and_looks_of_it_must_fit(spec, write, problems):
    spec["seeds"] = SEEDS
    spec["comparison"]["looks"] = [3, 5]
    path = write(spec)
    assert load(path, overrides=Overrides(seeds=(1, 2, 3))).looks == ()
    ((where, line, message, _),) = problems(load, path, overrides=Overrides(set=("comparison.looks=[3,6]",)))
    assert (where, line) == (f"{LOOKS}[1]", None)
    assert "beyond the 5" in message


def test_looks_of_an_heir_must_fit_the_seeds_that_it_inherits(spec, write, problems):
    spec["seeds"] = SEEDS
    write(spec, "base.json")
    child = write({"extends": "./base.json", "comparison": {"looks": [3, 4]}}, "child.json")
    assert [path for path, *_ in problems(load, child)] == [f"{LOOKS}[1]"]


def test_a_fraction_of_one_seed_is_left_out_and_said(declared):
    experiment = declared([0.1, 0.6, 1])
    assert experiment.looks == (3, 5)
    assert any("of 5 seeds are looks at 3 and 5" in note for note in notes(experiment))
    assert not [note for note in notes(declared([0.6, 1])) if "looks" in note]


def test_what_stops_a_run_is_one_of_two_words(spec, write, problems):
    spec["comparison"]["stop_at"] = "decided"
    ((path, _, _, remedy),) = problems(load, write(spec))
    assert path == "$.comparison.stop_at"
    assert "`decisive`" in remedy


@given(st.lists(st.floats(0.01, 0.99), unique=True, max_size=5).map(sorted), st.integers(1, 60))
def test_fractions_of_any_number_of_seeds_are_looks_of_them(fractions, seeds):
    found = resolved([*fractions, 1.0], seeds)
    assert list(found) == sorted(set(found))
    assert not found or (found[0] >= FEWEST and found[-1] == seeds and len(found) > 1)
