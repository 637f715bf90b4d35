"""How far a factor moves a score, in grades: known changes, what is not known, and what each level may add."""

from dataclasses import replace
from math import inf

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.compare import scores as reader
from harness.compare.design import Varied
from harness.compare.scores import Accuracies, Reading
from harness.report.render.text import render_text
from harness.report.sections.factors import _grades
from harness.spec.records import Grades
from harness.verdict import grades
from harness.verdict.effects import besides
from harness.verdict.grades import GRADES, factor_grades, grade
from harness.verdict.level import Level
from helpers.stand_ins import arm, design, scores

BOUNDS = (0.005, 0.01, 0.04)
SEEDS, ITEMS, GAIN = 5, 4000, 0.4
BY_ACCURACY, BY_GAIN = Grades(by="accuracy", bounds=BOUNDS), Grades(by="share_of_gain", bounds=BOUNDS)


@pytest.fixture
def graded(monkeypatch):
    """Grade variants of `full` that lose `costs` by factor and level: of accuracy, and of what the metric has."""

    def graded(grades, costs, *, gain=GAIN, options=True, seeds=SEEDS, failed=(), **levels):
        flat = {f"{factor}-{level}": cost for factor, by in costs.items() for level, cost in by.items()}
        whole = replace(design(seeds, roles=("in_domain", "guard")), base=arm("base", 1))
        varied = [
            Varied(
                arm=arm(name, seeds, failed),
                centre=whole.reference,
                levels={name.split("-")[0]: name.split("-")[1], **levels},
            )
            for name in flat
        ]
        whole = replace(whole, varied=tuple(varied), grades=grades)

        def read(asked):
            (varied,) = asked.candidates
            found = scores(asked, (flat[varied.name], 0.0), items=ITEMS, noise=0.01, seed_sd=1e-4)
            return tuple(with_base(each, varied.name, flat[varied.name]) for each in found), ()

        def with_base(each, name, cost):
            rows = each.values["full"]
            base = rows.mean(axis=0) - gain + 0.001 * np.random.default_rng(3).standard_normal(ITEMS)
            right = np.random.default_rng(7).random((seeds, ITEMS)) < 0.7
            lost = right & (np.random.default_rng(8).random((seeds, ITEMS)) >= cost / 0.7)
            known = Accuracies(
                options=np.full(ITEMS, 4.0), right={"full": right * 1.0, name: lost * 1.0}, clusters=None
            )
            return replace(each, values={**each.values, "base": base[None]}, accuracies=known if options else None)

        monkeypatch.setattr(reader, "read_comparable", read)
        return list(factor_grades(whole, grades, tuple(besides(whole, Reading()))))

    return graded


def test_a_factor_has_the_grade_of_the_level_that_changes_most(graded):
    rank, dropout = graded(BY_ACCURACY, {"rank": {"2": 0.1, "4": 0.02}, "dropout": {"0.2": 0.02}})
    assert (rank.factor, rank.level, rank.least, rank.most) == ("rank", "2", "very high", "very high")
    assert rank.change == pytest.approx(0.1, abs=0.01)
    assert rank.interval[0] < rank.change < rank.interval[1]
    assert (dropout.factor, dropout.least, dropout.most) == ("dropout", "high", "high")
    assert (dropout.centre, dropout.task, dropout.by) == ("full", "in_domain_0", "accuracy")


def test_a_better_level_changes_as_much_as_a_worse_one(graded):
    (worse,) = graded(BY_GAIN, {"rank": {"2": 0.1}})
    (better,) = graded(BY_GAIN, {"rank": {"2": -0.1}})
    assert worse.change == pytest.approx(0.1 / GAIN, rel=0.05)
    assert better.change == pytest.approx(worse.change, rel=0.05)
    assert better.interval[0] > BOUNDS[2]


def test_a_change_that_may_be_of_several_grades_has_both(graded):
    (found,) = graded(BY_GAIN, {"rank": {"2": 0.005 * GAIN}})
    assert found.least == "low" or found.interval[0] > BOUNDS[0]
    assert found.most != "low"
    assert GRADES.index(found.least) <= GRADES.index(found.most)


def test_what_is_not_known_of_a_level_bounds_nothing(graded):
    (found,) = graded(BY_ACCURACY, {"rank": {"2": 0.1}}, options=False)
    assert (found.change, found.level, found.interval) == (None, None, (0.0, inf))
    assert (found.least, found.most) == ("low", "very high")
    assert "no options" in found.unknown["2"]
    (found,) = graded(BY_GAIN, {"rank": {"2": 0.1}}, gain=0.0)
    assert "not shown to have gained" in found.unknown["2"]
    (found,) = graded(BY_ACCURACY, {"rank": {"2": 0.1}}, failed=range(1, SEEDS))
    assert "fewer than two seeds" in found.unknown["2"]
    (found,) = graded(BY_ACCURACY, {"rank": {"2": 0.0}})
    assert "no difference at all" in found.unknown["2"]


def test_no_change_of_accuracy_is_beyond_all_of_it(graded, monkeypatch):
    monkeypatch.setattr(grades, "effects_level", lambda design: Level(alpha=1e-9, tail=1e-9))
    (found,) = graded(BY_ACCURACY, {"rank": {"2": 0.1}}, seeds=2)
    assert found.interval == (0.0, 1.0)


def test_a_level_that_is_not_known_takes_the_upper_end_alone(graded):
    (found,) = graded(BY_ACCURACY, {"rank": {"2": 0.1, "4": 0.0}})
    assert (found.level, found.least, found.most, found.interval[1]) == ("2", "very high", "very high", inf)
    assert set(found.unknown) == {"4"}


def test_factors_that_vary_together_and_guards_have_no_grade(graded):
    assert graded(BY_ACCURACY, {"rank": {"2": 0.1}}, rows="half") == []
    assert {each.task for each in graded(BY_ACCURACY, {"rank": {"2": 0.1}})} == {"in_domain_0"}


@given(st.floats(0, 2), st.floats(0, 2))
def test_a_larger_change_has_no_lower_grade(one, other):
    smaller, larger = sorted((one, other))
    assert GRADES.index(grade(smaller, BOUNDS)) <= GRADES.index(grade(larger, BOUNDS))


@pytest.mark.parametrize(("change", "name"), [(0, "low"), (0.005, "medium"), (0.01, "high"), (0.04, "very high")])
def test_a_bound_belongs_to_the_grade_above_it(change, name):
    assert grade(change, BOUNDS) == name


def test_the_report_says_both_grades_and_what_is_not_known(graded):
    found = graded(BY_ACCURACY, {"rank": {"2": 0.1, "4": 0.0}, "dropout": {"0.2": 0.1}})
    text = render_text(*_grades(SimpleVerdicts(found)))
    assert "largest change of accuracy, in points" in " ".join(text.split())
    assert "very high" in text
    assert "1 of 2 rows: on in_domain_0 there is no difference at all" in " ".join(text.split())
    assert list(_grades(SimpleVerdicts([]))) == []


class SimpleVerdicts:
    """Verdicts that have grades alone."""

    def __init__(self, grades):
        self.grades = tuple(grades)
