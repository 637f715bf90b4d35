"""The table of a search shows every trial, the choice, and what makes it doubtful."""

from dataclasses import replace

from harness.records import ChosenValues, TriedValues
from harness.report.render.text import render_text
from harness.report.sections.search import search_table


def trial(rate, loss, failure=""):
    values = {"learning_rate": rate}
    return TriedValues(values=values, cell="c", validation_loss=loss, seconds=1.0, failure=failure)


CHOICE = ChosenValues(
    recipe="lora--r8",
    values={"learning_rate": 0.01},
    trials=(trial(0.001, 2.5), trial(0.01, 2.25), trial(0.1, None, "non_finite_loss: inf")),
)


def test_every_trial_stands_with_its_loss_and_the_choice_is_marked():
    lines = render_text(*search_table([CHOICE])).splitlines()
    assert "3 trials a recipe" in lines[0]
    assert [line for line in lines if "chosen" in line] == [line for line in lines if "2.2500" in line]
    assert any("failed" in line and "non_finite_loss" in line for line in lines)


def test_a_choice_at_the_edge_is_marked():
    assert "learning_rate at the edge" in render_text(*search_table([replace(CHOICE, at_edge=("learning_rate",))]))


def test_nothing_is_said_where_nothing_was_searched_for():
    assert render_text(*search_table([])) == ""
