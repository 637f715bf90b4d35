"""Grades of factors are checked with the spec: bounds that increase, and something to grade."""

import pytest

from harness.spec import load

AT = "$.comparison.grades"
FACTORS = {"of": "full--default", "levels": {"rate": {"1e-3": {"training": {"learning_rate": 1e-3}}}}}
TWO = {**FACTORS["levels"], "steps": {"2": {"training": {"max_steps": 2}}}}


@pytest.fixture
def declared(spec, write):
    """Return a function that loads the spec with grades by these bounds."""

    def declared(bounds, factors=FACTORS, **changes):
        if factors:
            spec["factors"] = factors
        spec["comparison"]["grades"] = {"by": "accuracy", "bounds": bounds, **changes}
        return load(write(spec))

    return declared


def test_without_bounds_nothing_is_graded(spec, write):
    assert load(write(spec)).comparison.grades is None


def test_bounds_are_read(declared):
    assert declared([0.005, 0.01, 0.04]).comparison.grades.bounds == (0.005, 0.01, 0.04)
    assert declared([0.05, 0.1, 0.25], by="share_of_gain").comparison.grades.by == "share_of_gain"


@pytest.mark.parametrize(
    ("bounds", "changes", "at", "message"),
    [
        ([0.01, 0.005, 0.04], {}, f"{AT}.bounds", "do not increase"),
        ([0.01, 0.01, 0.04], {}, f"{AT}.bounds", "do not increase"),
        ([0.01, 0.04], {}, f"{AT}.bounds", "the list has 2"),
        ([0.1, 0.2, 0.3, 0.4], {}, f"{AT}.bounds", "the list has 4"),
        ([0.0, 0.01, 0.04], {}, f"{AT}.bounds[0]", "out of range"),
        ([0.005, 0.01, 0.04], {"by": "f1"}, f"{AT}.by", "f1"),
        ([0.005, 0.01, 0.04], {"factors": None}, AT, "nothing to grade"),
        ([0.005, 0.01, 0.04], {"factors": {**FACTORS, "levels": TWO, "design": "full"}}, AT, "nothing to grade"),
    ],
)
def test_what_cannot_grade_is_refused(declared, problems, bounds, changes, at, message):
    found = problems(declared, bounds, **changes)
    assert any(where == at and message in said for where, _, said, _ in found), found


def test_all_that_is_wrong_is_said_at_once(declared, problems):
    found = problems(declared, [0.04, 0.01, 0.005], factors=None)
    assert [where for where, *_ in found] == [f"{AT}.bounds", AT]


def test_an_heir_without_factors_keeps_them_without_effect(spec, write, declared):
    declared([0.005, 0.01, 0.04])
    write({"extends": "./tried.json", "name": "heir", "factors": None}, "heir.json")
    assert load("heir.json").factors is None
