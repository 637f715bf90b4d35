"""What a report prints fits a terminal of 80 columns, with the names that shipped recipes and suites have."""

from dataclasses import replace
from pathlib import Path

import pytest

from harness.plan.costs import CellCost, Estimate
from harness.plan.power import power_of
from harness.records import ChosenValues, TriedValues
from harness.report.documents import plan_document, verdicts_document
from harness.report.render.text import WIDTH, TextRenderer, fold, render_text
from harness.report.sections.search import search_table
from harness.spec import load
from harness.verdict import judge_scores
from helpers.stand_ins import arm, design, scores

LONG = "aletheia--50-compute-matched"


def assert_fits(text):
    assert max(map(len, text.splitlines())) <= WIDTH


@pytest.mark.parametrize("failed", [(), (2, 3)])
def test_verdicts_fit(failed):
    arms = {"reference": arm("aletheia--50-matched", 5), "candidates": (arm(LONG, 5, failed=failed),)}
    one = replace(design(roles=("in_domain", "out_of_domain", "guard")), **arms)
    found = judge_scores(one, scores(one, (0.1, 0.05, 0.06), reference="aletheia--50-matched"))
    assert_fits(TextRenderer().render(verdicts_document(found, details=True)))


def test_a_plan_has_a_row_a_recipe_and_fits():
    experiment = load("layer-selection")
    cell = CellCost(
        cell="",
        recipe=LONG,
        layers=30,
        trainable=134_515_008,
        tokens=1_025_600,
        train_seconds=5999,
        evaluate_seconds=5999,
        memory=2**34,
        disk=2**30,
    )
    sizes = {suite.task: (100, 160.0) for suite in experiment.suites}
    estimate = Estimate(
        device="CPU",
        parameters=1,
        cells=(cell, cell, cell),
        trials=(),
        suites=sizes,
        rows=None,
        measured="2026-11-28",
        busy=False,
        screening=None,
        power=power_of(experiment, {task: items for task, (items, _) in sizes.items()}),
        assumed=("80 tokens a training example", "160 tokens an item"),
        absent=tuple(f"package-{n}==1.0.0" for n in range(8)),
    )
    text = TextRenderer().render(plan_document(experiment, estimate, Path("runs/x")))
    assert_fits(text)
    assert next(line for line in text.splitlines() if line.startswith("aletheia--")).split()[1] == "3"


def test_a_search_fits():
    values = {"learning_rate": 0.01, "weight_decay": 0.1}
    trial = TriedValues(values=values, cell="c", validation_loss=2.5)
    failed = replace(trial, validation_loss=None, failure="non_finite_loss: " + "the loss was not finite " * 5)
    edge = ("learning_rate", "weight_decay")
    choice = ChosenValues(recipe=LONG, values=values, trials=(trial, failed), at_edge=edge)
    assert_fits(render_text(*search_table([choice])))


def test_prose_is_folded_between_words_and_never_in_a_name():
    name = "a-name-that-is-longer-than-what-a-line-may-hold"
    assert fold(f"first {name} last", width=20).splitlines() == ["first", name, "last"]
