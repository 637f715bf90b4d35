"""A plan takes its variances from runs that are named, and says how likely a verdict is if they are right."""

from dataclasses import replace

import pytest

from harness.compare.design_of_run import design_of
from harness.compare.scores import read_comparable
from harness.errors import UsageError
from harness.plan.power import power_of
from harness.report.render.text import render_text
from harness.report.sections.plan import outlook, power_basis
from harness.spec import Overrides, load
from harness.statistics.moments import moments
from harness.statistics.planning import budget
from harness.verdict.pilot import pilot
from helpers.runs import lacks_an_item, scored_run

ITEMS = {"sums": 500, "sums_far": 500}


@pytest.fixture
def run(tmp_path, tiny_spec):
    return scored_run(tmp_path / "run", tiny_spec, items=400)


def words(blocks):
    return " ".join(" ".join(map(render_text, blocks)).split())


def test_variances_are_those_of_the_runs_own_differences(run, tiny_spec):
    found = pilot(run, load(tiny_spec), ITEMS)
    scores, _ = read_comparable(design_of(run))
    for each in found.observed:
        (suite,) = [one for one in scores if one.suite.task == each.task]
        differences = moments(suite.values["full--default"] - suite.values["lora--tiny"], suite.clusters)
        assert each.spread.budget(400).residual == pytest.approx(budget((differences,), (1.0,)).residual)
        assert each.spread.seed_sd**2 == pytest.approx(budget((differences,), (1.0,)).seed)
    assert {(each.task, each.candidate, each.seeds) for each in found.observed} == {
        ("sums", "lora--tiny", 2),
        ("sums_far", "lora--tiny", 2),
    }


def test_a_plan_names_the_run_that_its_variances_are_from(run, tiny_spec):
    experiment = load(tiny_spec)
    power = power_of(experiment, ITEMS, [pilot(run, experiment, ITEMS)])
    (effects,) = power.effects
    assert (effects.assumed, effects.runs) == ((), (str(run.folder),))
    text = words(power_basis(power))
    assert f"variances: those of {run.folder}" in text
    assert "assumed" not in text
    without = words(power_basis(power_of(experiment, ITEMS)))
    assert "assumed, as neither a run nor the spec says them: seed_sd, item_sd, residual_sd" in without


def test_a_run_goes_by_the_name_that_it_is_given(run, tiny_spec):
    """As a bundle is read from a folder that nobody named."""
    found = pilot(run, load(tiny_spec), ITEMS, name="one.bundle.tar.xz")
    assert {found.run, *(each.run for each in (*found.observed, *found.outlooks))} == {"one.bundle.tar.xz"}


def test_more_seeds_make_a_verdict_likelier(run, tiny_spec):
    few, many = (
        pilot(run, load(tiny_spec, overrides=Overrides(seeds=tuple(range(seeds)))), ITEMS).outlooks[0]
        for seeds in (2, 30)
    )
    assert few.at_least <= few.at_most
    assert few.at_least < many.at_least
    assert (few.in_domain, few.out_of_domain) == ("sums", "sums_far")


def test_no_verdict_is_likely_is_said_and_so_is_a_chance(run, tiny_spec):
    experiment = load(tiny_spec)
    power = power_of(experiment, ITEMS, [pilot(run, experiment, ITEMS)])
    said = words(outlook(power))
    assert said.startswith("No verdict is likely at this budget") == (max(e.at_most for e in power.outlooks) < 0.5)
    assert "sums → sums_far" in said
    single = power_of(load(tiny_spec, overrides=Overrides(seeds=(1,))), ITEMS)
    assert words(outlook(single)).startswith("No verdict is likely at this budget: a single seed")
    assert words(outlook(power_of(experiment, ITEMS))).startswith("No verdict is likely at this budget unless")


def test_a_run_of_other_suites_is_refused(run, tiny_spec):
    experiment = load(tiny_spec)
    other = replace(experiment, suites=tuple(replace(suite, metric="acc_norm") for suite in experiment.suites))
    with pytest.raises(UsageError, match="sums: it is not scored by acc_norm there but by acc;"):
        pilot(run, other, ITEMS)


def test_a_suite_that_a_run_says_nothing_of_is_named_with_the_reason(run, tiny_spec):
    """Its variances would be assumed otherwise, and nobody be told that the run has it."""
    experiment = load(tiny_spec)
    lacks_an_item(run, "sums_far")
    found = pilot(run, experiment, ITEMS)
    assert {each.task for each in found.observed} == {"sums"}
    (unseen,) = found.unseen
    assert (unseen.run, unseen.task) == (str(run.folder), "sums_far")
    _, (left_out,) = read_comparable(design_of(run))
    assert unseen.reasons == left_out.reasons
    text = words(power_basis(power_of(experiment, ITEMS, [found])))
    assert f"{run.folder} says nothing of sums_far: {left_out.reasons[0]}" in text
    assert "assumed, as neither a run nor the spec says them: seed_sd, item_sd, residual_sd" in text


def test_a_suite_that_a_run_scored_otherwise_is_named_beside_what_it_shows(run, tiny_spec):
    experiment = load(tiny_spec)
    near, far = experiment.suites
    found = pilot(run, replace(experiment, suites=(near, replace(far, metric="acc_norm"))), ITEMS)
    assert [each.reasons for each in found.unseen] == [("it is not scored by acc_norm there but by acc",)]
    assert pilot(run, experiment, ITEMS).unseen == ()


def test_the_critical_value_is_that_of_the_declared_seeds_and_comparisons(tiny_spec):
    power = power_of(load(tiny_spec, overrides=Overrides(seeds=(1, 2, 3))), ITEMS)
    assert [count for count, _ in power.critical] == [3, 5, 8]
    assert power.critical[0][1] == pytest.approx(4.303, abs=0.001)
    assert "3 seeds over 1 comparison: 4.3 standard errors; 5 seeds: 2.8" in words(power_basis(power))
