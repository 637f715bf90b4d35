"""What a verdict would take, in words: a verdict is promised and no label, the rest stands in a table."""

from dataclasses import replace

import pytest

from harness.compare.costs import RunCosts
from harness.report.render.text import render_text
from harness.report.sections.needs import need_lines, needs_table
from harness.verdict import judge_scores
from harness.verdict.estimates import Need, NeedOfLabel, SeedsAndItems
from harness.verdict.price import ALIKE, Price, cheapest, plans
from helpers.stand_ins import design, scores


def label(name, enough, high=None, *, decisive=True, least_seeds=2, least_items=0.5):
    def mixes(pairs):
        return tuple(SeedsAndItems(seeds=seeds, items=items) for seeds, items in pairs)

    return NeedOfLabel(
        label=name,
        decisive=decisive,
        missed=("in_gap",),
        enough=mixes(enough),
        enough_at_upper_limit=mixes(enough if high is None else high),
        least_seeds=least_seeds,
        least_items=least_items,
    )


@pytest.fixture
def comparison():
    one = design(3)
    return judge_scores(one, scores(one, (0.06, 0.06), noise=0.3)).comparisons[0]


def said(comparison, *labels, available=1000, costs=None):
    need = Need(
        seeds=3, items={"near": 100, "far": 100}, available={"near": available, "far": available}, labels=labels
    )
    return list(need_lines(replace(comparison, need=need), costs))


def test_the_cheapest_depends_on_what_seeds_and_items_cost():
    need = Need(
        seeds=3,
        items={"near": 100},
        available={"near": 900},
        labels=(label("persists", [(4, 9.0), (6, 3.0), (20, 1.0)]),),
    )
    dear_training = plans(need, Price(training=100.0, scoring=1.0))
    dear_scoring = plans(need, Price(training=1.0, scoring=100.0))
    assert [each[0].low.seeds for each in (dear_training, plans(need, ALIKE), dear_scoring)] == [4, 6, 6]
    assert plans(need, Price(training=0.0, scoring=1.0))[0].low.seeds == 6


def test_plans_come_cheapest_first_and_those_out_of_reach_last():
    need = Need(
        seeds=3,
        items={"near": 100},
        available={"near": 900},
        labels=(label("vanishes", []), label("persists", [(30, 1.0)]), label("sized", [(5, 1.0)], decisive=False)),
    )
    found = plans(need, ALIKE)
    assert [each.need.label for each in found] == ["sized", "persists", "vanishes"]
    assert cheapest(found, decisive=False).need.label == "sized"
    assert cheapest(found, decisive=True).need.label == "persists"


def test_a_verdict_is_promised_and_no_label(comparison):
    lines = said(
        comparison,
        label("persists, size unresolved", [(4, 1.0)], [(8, 1.0)], decisive=False),
        label("persists", [(17, 2.1)], [(61, 2.1)]),
    )
    assert lines[0].startswith(
        "What it would take: a verdict, four times in five, if the truth is as estimated: 4 to 8 seeds with the "
        "present 100 items of each suite"
    )
    assert lines[1].startswith("One that leaves nothing open: 17 to 61 seeds with 210 items of each suite")
    assert not any("persists" in line for line in lines)


def test_one_plan_that_is_both_is_said_once(comparison):
    (line,) = said(comparison, label("persists", [(5, 1.0)]))
    assert "a verdict that leaves nothing open, four times in five" in line


def test_out_of_reach_says_what_there_is(comparison):
    (line,) = said(comparison, label("persists", [], least_items=17.52))
    assert "no verdict is in reach" in line
    assert "at least 1752 items of each suite; near has 1000, far has 1000" in line
    (line,) = said(comparison, label("persists", [], least_seeds=340))
    assert "more than 339 seeds" in line
    first, second = said(
        comparison, label("sized", [(5, 1.0)], decisive=False), label("persists", [], least_items=12.0)
    )
    assert "out of reach" in second
    assert "5 seeds" in first


def test_items_that_nobody_counted_are_named(comparison):
    lines = said(comparison, label("persists", [(5, 1.0)], []), available=None)
    assert "5 or more seeds" in lines[0]
    assert lines[-1].startswith("How many items near and far have is not recorded")


def test_the_rest_is_in_a_table_without_those_that_are_said(comparison):
    one = design(3)
    verdicts = judge_scores(one, scores(one, (0.06, 0.06), noise=0.3))
    need = Need(
        seeds=3,
        items={"near": 100},
        available={"near": 900},
        labels=(label("vanishes", []), label("persists", [(30, 2.0)], [(40, 2.5)]), label("attenuates", [(5, 1.0)])),
    )
    changed = replace(verdicts, comparisons=(replace(comparison, need=need),))
    (table,) = needs_table(changed, None)
    text = render_text(table)
    assert [row[1] for row in table.rows] == ["persists", "vanishes"]
    assert "out of reach" in text
    assert "30 to 40" in text
    assert list(needs_table(replace(verdicts, comparisons=(replace(comparison, need=None),)), None)) == []


def test_without_any_cell_there_is_no_price(comparison):
    (line,) = said(comparison, label("persists", [(5, 1.0)]), costs=RunCosts(reference="full", recipes=()))
    assert "a training counted as much as scoring the present items" in line
