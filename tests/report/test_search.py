"""The table of a search shows every trial, the choice, and what makes it doubtful."""

from dataclasses import replace

from harness.records import ChosenValues, TriedValues
from harness.report.render.text import render_text
from harness.report.sections.search import choices_table, search_table


def trial(rate, loss, failure="", **fields):
    values = {"learning_rate": rate}
    return TriedValues(values=values, cell="c", validation_loss=loss, seconds=1.0, failure=failure, **fields)


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


def test_trials_that_were_added_say_why_and_how_many_each_recipe_had():
    added = (trial(0.1, 2.125, part="widening", seed=7), trial(0.01, 2.75, part="confirmation", seed=8))
    wide = ChosenValues(
        recipe="full--default",
        values={"learning_rate": 0.01},
        trials=(*CHOICE.trials[:2], *added),
        validation_loss=2.5,
    )
    text = render_text(*search_table([CHOICE, wide]))
    assert "3 or 4 trials a recipe" in text
    assert "4 trials" in text[text.index("full--default") :]
    (beyond,) = [line for line in text.splitlines() if "2.1250" in line]
    assert "beyond the edge" in beyond
    words = " ".join(text.split())
    assert "seed 8; chosen, 2.5000 with both seeds" in words
    assert words.count("chosen") == 2
    assert "the number of its trials is not" in words
    assert "the mean of both seeds decides" in words


def test_margins_stand_beside_losses_and_how_far_the_choice_is_behind():
    tried = (trial(0.001, 2.5, margin=0.125), trial(0.01, 2.25, margin=0.0625), trial(0.1, None, "killed"))
    choice = replace(CHOICE, trials=tried, margin=0.0625, behind=(0.0625, 0.09375))
    text = render_text(*search_table([choice]))
    words = " ".join(text.split())
    assert "answer margin in bits a byte" in words
    assert "+0.125" in words
    assert "margin 0.062 ± 0.094 (one standard error) behind the greatest" in words
    assert "behind" not in render_text(*search_table([replace(choice, behind=(0.0, 0.0))]))


def test_choices_stand_in_a_row_each_with_what_makes_them_doubtful():
    sure = replace(CHOICE, validation_loss=2.25, margin=0.25, behind=(0.0, 0.0))
    doubtful = replace(sure, recipe="full--default", at_edge=("learning_rate",), behind=(0.0625, 0.09375))
    failed = replace(CHOICE, recipe="ia3--default", values=None)
    text = render_text(choices_table([sure, doubtful, failed]))
    rows = {line.split()[0]: line for line in text.splitlines() if "--" in line.split()[0][1:]}
    assert rows["lora--r8"].split() == ["lora--r8", "learning_rate=0.01", "2.2500", "+0.250", "3"]
    words = " ".join(text.split())
    assert "0.062 ± 0.094 (one standard error)" in words
    assert "at the edge of the search" in words
    assert "every trial failed" in words
