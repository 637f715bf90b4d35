"""Tables say what the records hold, and a dash where there is nothing."""

import itertools
import json
import math
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from scipy import stats

from harness.compare.costs import costs_of
from harness.compare.summaries import MeanAndSD, summarise_scores
from harness.plan.power import power_of
from harness.records import (
    Cell,
    CellFailure,
    Costs,
    Evaluation,
    Latency,
    MatchedSize,
    Measurement,
    Probe,
    ServingLatency,
)
from harness.report.document import Duration, Number
from harness.report.render.text import cell_lines, render_text
from harness.report.sections import costs as sections
from harness.report.sections.forgetting import forgetting_tables
from harness.report.sections.gaps import change_cell, gap_cell, verdict_cell
from harness.report.sections.plan import power_block
from harness.report.sections.statements import conclusions
from harness.report.sections.suites import inside_tables, outside_tables
from harness.spec import load
from harness.verdict import judge_scores
from helpers.records import cell_result, training
from helpers.stand_ins import arm, design, scores


@pytest.fixture
def experiment(tiny_spec):
    return load(tiny_spec)


def result(recipe, seed, score, train_time):
    cell = Cell(id=f"{recipe}--s{seed}--0", recipe=recipe, seed=seed)
    evaluations = tuple(
        Evaluation(task=task, items=5, metrics={"acc,none": score}, results="", samples="", scorer="x", seconds=1.0)
        for task in ("sums", "sums_far")
    )
    costs = Costs(seconds={"train": 1800.0}, rss_max=2**30, file_size=2**20)
    record = training(train_time=train_time, tokens=round(50 * train_time), layers=())
    return cell_result(cell, train_info=record, costs=costs, evaluations=evaluations)


def with_training(outcome, **changes):
    return replace(outcome, train_info=replace(outcome.train_info, **changes))


def merge_checked(outcome, **fields):
    return replace(outcome, measurements={"merged_scores_agree": Measurement(name="merged_scores_agree", **fields)})


@pytest.fixture
def outcomes():
    return (
        result("full--default", 1, 0.5, 20.0),
        result("full--default", 2, 0.7, 22.0),
        result("lora--tiny", 1, 0.4, 10.0),
        CellFailure(cell=Cell(id="x", recipe="lora--tiny", seed=2), kind="killed", stage="train", message=""),
    )


def row(table, name):
    """A recipe's row as one line: its first line, then what is stacked below."""
    lines = table.splitlines()
    start = next(place for place, line in enumerate(lines) if line.startswith((f"{name}  ", f"{name} s")))
    stacked = itertools.takewhile(lambda line: line.startswith((" ", "(")), lines[start + 1 :])
    return "  ".join([lines[start], *stacked])


def assert_says(line, cell):
    """Every word of a stacked cell is in the row."""
    assert all(word in line for part in cell_lines(cell) for word in part.split())


def table_of(section, experiment, outcomes):
    """A table of costs as text, empty where there is none."""
    return render_text(*section(costs_of(SimpleNamespace(experiment=experiment, outcomes=outcomes, found=None))))


def costs_table(experiment, outcomes):
    return table_of(sections.costs_table, experiment, outcomes)


def speed_table(experiment, outcomes):
    return table_of(sections.speed_table, experiment, outcomes)


def serving_table(experiment, outcomes):
    return table_of(sections.serving_table, experiment, outcomes)


def suite_tables(section, experiment, outcomes, verdicts):
    return render_text(*section(experiment, outcomes, verdicts, summarise_scores(experiment, outcomes)))


@pytest.fixture
def verdicts(experiment):
    arms = {"reference": arm("full--default", 2), "candidates": (arm("lora--tiny", 2),)}
    one = replace(design(2), suites=experiment.suites, **arms)
    return judge_scores(one, scores(one, (0.1, 0.1), reference="full--default"))


def test_in_domain_has_scores_gaps_and_verdicts_beside_the_untuned_model(experiment, outcomes, verdicts):
    text = suite_tables(inside_tables, experiment, outcomes, verdicts)
    assert "In-domain: sums, acc (higher is better)" in text
    assert "0.6000 ± 0.1414" in row(text, "full--default")
    assert "reference" in row(text, "full--default")
    tiny = row(text, "lora--tiny")
    assert "0.4000" in tiny
    assert "±" not in tiny
    assert "(1 failed)" in tiny
    assert_says(tiny, gap_cell(verdicts.in_domain[0].gap, "acc"))
    assert_says(tiny, verdict_cell(verdicts.in_domain[0].verdict))
    assert set(row(text, "base").split()[1:]) == {"–"}


def test_costs_are_means_a_run_of_what_has_finished(experiment, outcomes):
    table = costs_table(experiment, outcomes)
    assert row(table, "full--default").split() == ["full--default", "–", "1,234", "12.340%", "3", "1.00", "1.0"]
    assert "base" not in table
    assert costs_table(experiment, ()) == ""


def test_a_declared_price_is_applied_to_all_of_a_cells_time(tiny_spec, outcomes):
    from harness.spec import Overrides

    priced = load(tiny_spec, overrides=Overrides(set=("cost.per_hour=3",)))
    assert row(costs_table(priced, outcomes), "full--default").endswith("1.5000")


def test_more_than_all_parameters_are_those_of_several_stages(experiment, outcomes):
    outcomes = (*outcomes[:2], with_training(outcomes[2], num_trainable_params=10_500))
    table = costs_table(experiment, outcomes)
    assert "105.000%" in row(table, "lora--tiny")
    assert "lora--tiny: what trains is the sum over its stages" in table
    assert "full--default:" not in table


def test_a_settled_rank_is_told_below_the_table(experiment, outcomes):
    matched = MatchedSize(r=33, reduction_factor=None, recipe="lora--whole", parameters=4884480)
    outcomes = (*outcomes[:2], with_training(outcomes[2], matched=matched))
    last = costs_table(experiment, outcomes).splitlines()[-1]
    assert last == "lora--tiny: r=33 to match lora--whole (4,884,480 parameters)"


def test_out_of_domain_has_a_table_a_suite_with_the_verdict(experiment, outcomes, verdicts):
    table = suite_tables(outside_tables, experiment, outcomes, verdicts)
    assert "Out-of-domain: sums_far" in table
    assert_says(row(table, "lora--tiny"), verdict_cell(verdicts.comparisons[0].verdict))
    assert "0.6000 ± 0.1414" in row(table, "full--default")


def test_speed_ups_are_paired_by_seed_and_a_probe_counts_against_them(experiment, outcomes):
    lone = row(speed_table(experiment, outcomes), "lora--tiny")
    assert "×" not in lone
    first, second = (result("lora--tiny", seed, 0.4, time) for seed, time in ((1, 10.0), (2, 11.0)))
    both = row(speed_table(experiment, (*outcomes[:2], first, second)), "lora--tiny")
    assert_says(both, ("2.00×", "[2.00, 2.00]", "<0.0001"))
    first, second = (
        with_training(each, probes=(Probe(purpose="gradient", batches=5, seconds=seconds),))
        for each, seconds in ((first, 10.0), (second, 11.0))
    )
    probed = row(speed_table(experiment, (*outcomes[:2], first, second)), "lora--tiny")
    assert_says(probed, ("10.5", "(100.0% of train s)"))
    assert_says(probed, ("1.00×", "[1.00, 1.00]"))


def test_a_speed_up_has_its_paired_t_and_effect_size(experiment, outcomes):
    times = zip((1, 2), (10.0, 12.0), strict=True)
    trained = [result("lora--tiny", seed, 0.4, seconds) for seed, seconds in times]
    table = speed_table(experiment, (*outcomes[:2], *trained))
    t = stats.ttest_rel(np.log([20.0, 22.0]), np.log([10.0, 12.0])).statistic
    assert_says(row(table, "lora--tiny"), (f"{t:.2f}", f"{t / math.sqrt(2):.2f}"))
    assert "no independent pairs" in table
    assert "no independent pairs" not in speed_table(experiment, outcomes[:2])


def test_forgetting_shows_changes_from_the_base_and_what_lies_beyond_the_references(outcomes):
    one = design(roles=("in_domain", "guard"))
    found = judge_scores(one, scores(one, (0.1, 0.06)))
    table = render_text(*forgetting_tables(found))
    lora = row(table, "lora")
    assert_says(lora, change_cell(found.guards[1]))
    assert next(cell_lines(change_cell(found.guards[1]))).startswith("-6.")
    assert_says(lora, change_cell(found.extra_forgetting[0]))
    assert "forgets more" in lora
    titles = [each.title.rpartition(":")[0] for each in conclusions(found)]
    assert len(set(titles)) == len(titles)
    assert "lora, guard_1, beyond full" in titles
    assert "Guard: guard_1" in table
    assert "reference" in row(table, "full")
    assert render_text(*forgetting_tables(judge_scores(design(), scores(design(), (0.1, 0.1))))) == ""


def test_a_variant_stands_among_the_guards_with_its_score_alone(tiny_spec):
    spec = json.loads(tiny_spec.read_text())
    varied = {"of": "lora--tiny", "levels": {"rank": {"4": {"peft": {"r": 4}}, "9": {"peft": {"r": 9}}}}}
    spec["suites"][1]["role"] = "guard"
    tiny_spec.write_text(json.dumps({**spec, "factors": varied}))
    experiment = load(tiny_spec)
    outcomes = [result(each, 1, 0.25, 1.0) for each in ("full--default", "lora--tiny", "lora--tiny-rank-4")]
    one = design(roles=("in_domain", "guard"), suites=experiment.suites)
    verdicts = judge_scores(one, scores(one, (0.1, 0.06)))
    _, table = forgetting_tables(verdicts, experiment, summarise_scores(experiment, outcomes))
    rows = {name: rest for name, *rest in table.rows}
    ((score,), *rest) = rows["lora--tiny-rank-4"]
    assert score.value == 0.25
    assert rest == ["", "variant", "", ""]
    assert "lora--tiny-rank-9" not in rows


def test_serving_shows_the_check_and_the_latency_of_each_form(experiment, outcomes):
    assert serving_table(experiment, outcomes) == ""
    timed = Latency(forward_seconds=0.0125, tokens_per_second=40.0)
    served = replace(
        merge_checked(outcomes[2], passed=False, details={"largest_difference": 0.25, "tolerance": 0.001}),
        latency=ServingLatency(base=timed, adapter=timed, merged=timed),
    )
    outcomes = (*outcomes[:2], served)
    table = serving_table(experiment, outcomes)
    assert_says(row(table, "lora--tiny"), ("0.25", "(exceeds 0.001)"))
    assert row(table, "lora--tiny").count("12.5") == row(table, "lora--tiny").count("40.0") == 3
    assert "full--default" not in table


def test_serving_says_what_to_do_about_an_adapter_that_answers_slower_than_merged(experiment, outcomes):
    slow, fast = (Latency(forward_seconds=0.01, tokens_per_second=each) for each in (30.0, 40.0))

    def table(adapter, merged):
        checked = merge_checked(outcomes[2], details={"largest_difference": 0.0, "tolerance": 0.001})
        return serving_table(
            experiment,
            (*outcomes[:2], replace(checked, latency=ServingLatency(base=fast, adapter=adapter, merged=merged))),
        )

    said = " ".join(table(slow, fast).split())
    assert "lora--tiny generates 25% fewer tokens a second than merged" in said
    assert "harness export --merged" in said
    assert "harness export" not in table(fast, slow)
    assert "harness export" not in table(fast, fast)


def test_serving_says_why_an_adapter_was_not_merged(experiment, outcomes):
    outcomes = (*outcomes[:2], merge_checked(outcomes[2], details={"reason": "nothing to merge"}))
    table = serving_table(experiment, outcomes)
    assert "cannot be merged" in row(table, "lora--tiny")
    assert table.endswith("not merged: nothing to merge")


def test_more_seeds_detect_less(experiment):
    items = {"sums": 500, "sums_far": 500}

    def gap(seeds):
        table = render_text(power_block(power_of(replace(experiment, seeds=seeds), items)))
        return float(table.splitlines()[-1].split()[2])

    assert gap((1, 2, 3, 4, 5)) < gap(experiment.seeds)
    assert "single seed" in render_text(power_block(power_of(replace(experiment, seeds=(1,)), items)))


@pytest.mark.parametrize(("seconds", "text"), [(4.4, "4 s"), (61, "1 min 01 s"), (7500, "2 h 05 min")])
def test_durations_read_well(seconds, text):
    assert str(Duration(seconds)) == text


def test_a_single_value_has_no_deviation():
    one = MeanAndSD.of([0.5])
    assert str(Number(value=one.mean, sd=one.sd, form="{:.4f}")) == "0.5000"
