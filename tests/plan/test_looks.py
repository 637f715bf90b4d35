"""A plan says what looks cost in width and save in cells."""

import json
from dataclasses import asdict, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.plan.looks import expected_cells, planned_looks
from harness.plan.power import power_of
from harness.report.render.text import render_text
from harness.report.sections.plan import planned_looks_blocks
from harness.spec import load
from harness.statistics.planning import Budget

ITEMS = {"sums": 500, "sums_far": 200}


@pytest.fixture
def experiment(tiny_spec):
    """Two recipes, five seeds, a look at three."""
    declared = json.loads(tiny_spec.read_text())
    declared["seeds"] = [1, 2, 3, 4, 5]
    declared["comparison"]["looks"] = [3, 5]
    tiny_spec.write_text(json.dumps(declared))
    return load(tiny_spec)


def test_the_critical_values_are_those_of_the_method_page(experiment):
    """Two comparisons, five seeds with a look at three: 4.6 instead of 3.5; seven comparisons at three seeds: 11.8."""
    first, last = planned_looks(experiment, 2)
    assert (round(last.critical, 1), round(last.without, 1)) == (4.6, 3.5)
    assert (first.seeds, first.cells, last.seeds, last.cells) == (3, 7, 5, 11)
    assert first.tail + last.tail == pytest.approx(0.0125)
    assert round(planned_looks(experiment, 7)[0].without, 1) == 11.8


def test_effects_are_those_that_the_last_look_shows(experiment):
    found = power_of(experiment, ITEMS)
    without = power_of(replace(experiment, comparison=replace(experiment.comparison, looks=())), ITEMS)
    assert found.effects[0].gap_in > without.effects[0].gap_in
    assert (without.looks, without.expected) == ((), ())
    assert json.loads(json.dumps(asdict(found), allow_nan=False))["looks"][1]["seeds"] == 5


def test_a_larger_gap_is_expected_to_take_fewer_cells(experiment):
    smallest, twice = power_of(experiment, ITEMS).expected
    assert 7 < twice.cells < smallest.cells < 11
    assert twice.gap == 2 * smallest.gap


@given(st.floats(0.0, 0.5), st.floats(1e-4, 0.1), st.floats(1e-4, 0.1))
def test_expected_cells_are_between_those_of_the_first_and_the_last_look(gap, seed_sd, item_sd):
    looks = planned_looks(_five_seeds(), 1)
    plan = Budget(seed=seed_sd**2, item=item_sd**2, residual=0.0, item_df=99.0)
    assert looks[0].cells - 1e-9 <= expected_cells(looks, (plan,), gap).cells <= looks[-1].cells + 1e-9


def _five_seeds():
    gap = load("gap")
    comparison = replace(gap.comparison, looks=(2.0, 3.0, 5.0))
    return replace(gap, seeds=(1, 2, 3, 4, 5), comparison=comparison)


def test_it_is_printed_and_nothing_without_looks(experiment):
    text = " ".join(" ".join(map(render_text, planned_looks_blocks(power_of(experiment, ITEMS)))).split())
    assert "1 3 7 0.015" in text
    assert "all 5 seeds give intervals of 3.7 standard errors to a side instead of 2.8" in text
    assert "takes 7 to 11 cells" in text
    plain = replace(experiment, comparison=replace(experiment.comparison, looks=()))
    assert list(planned_looks_blocks(power_of(plain, ITEMS))) == []
