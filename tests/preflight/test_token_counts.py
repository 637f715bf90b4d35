"""Tokens are counted where the data is at hand: the experiment's rows, and those of a stage that has its own."""

import json
from dataclasses import replace

import pytest

from harness.plan.cells import plan_cells
from harness.plan.search import expected_trials
from harness.preflight import row_tokens
from harness.preflight.content import rows_of
from harness.preflight.token_counts import count_tokens, count_training
from harness.preflight.unknown import Unknown
from harness.sources import models
from harness.spec import Overrides, load
from harness.spec.records import Control, Data, Recipe, Stage
from helpers.contents import CONTENT


@pytest.fixture
def staged(tiny_spec, tmp_path):
    """A recipe whose second stage has a file of its own."""
    (tmp_path / "more.jsonl").write_text(
        "".join(json.dumps({"prompt": f"{n}", "completion": " b"}) + "\n" for n in range(3))
    )
    experiment = load(tiny_spec)
    first, second = experiment.recipes
    own = Stage(recipe=second, data=Data(source="jsonl", path=str(tmp_path / "more.jsonl")))
    return replace(experiment, recipes=(Recipe(method="staged", name="x", stages=(Stage(recipe=first), own)),))


def test_a_stage_with_rows_of_its_own_is_counted_by_them(staged):
    unknown = Unknown()
    counts = count_tokens(staged, unknown)
    assert [counts.of(stage).count for stage in staged.recipes[0].stages] == [12, 3]
    assert counts.of(staged.recipes[0].stages[1]).lengths == (3, 3, 3)
    assert unknown.assumed == []


def test_the_examples_of_a_control_are_counted_and_those_of_the_base_are_none(tiny_spec):
    experiment = replace(load(tiny_spec), controls=(Control(num_fewshot=3),))
    base, control, *_ = plan_cells(experiment, CONTENT)
    counts = count_tokens(experiment, Unknown())
    for plain, longer in zip(counts.scored(base), counts.scored(control), strict=True):
        assert longer.items == plain.items
        assert longer.tokens > 2 * plain.tokens
        assert longer.answers == plain.answers


def test_what_is_not_at_hand_is_assumed_and_said(staged, tmp_path, monkeypatch):
    (tmp_path / "tasks" / "sums" / "loader.py").write_text("def load(**_):\n    raise ConnectionError('no route')\n")
    unknown = Unknown()
    counts = count_tokens(staged, unknown)
    assert counts.rows.count is None
    assert unknown.assumed[0] == "80 tokens a training example"
    assert "cannot be reached" in unknown.reasons[0]


def test_trials_are_scored_on_the_validation_rows_as_they_are_limited():
    tune = 'tune={"search": {"learning_rate": {"factors": [1, 3]}}, "seed": 7, "metric": "both"}'
    experiment = load("gap", overrides=Overrides(set=(tune, "validation.limit=50")))
    (first, *_), _ = expected_trials(experiment, CONTENT)
    unknown = Unknown()
    (scored,) = count_tokens(experiment, unknown).scored(first.planned)
    assert (scored.items, scored.available) in ((50, 206), (50, None))  # with the wheel at hand, and by the task's file
    alone = load("gap", overrides=Overrides(set=(tune.replace("both", "loss"),)))
    (first, *_), _ = expected_trials(alone, CONTENT)
    assert count_tokens(alone, unknown).scored(first.planned) == []


def test_rows_that_were_read_are_not_read_again_and_come_to_the_same_counts(staged, monkeypatch):
    tokenizer = models.tokenizer(staged.model)
    read = rows_of(staged, tokenizer).trained_on
    plain = count_training(staged, tokenizer, Unknown())
    for name in ("training_rows", "stage_rows"):
        monkeypatch.setattr(row_tokens, name, lambda *_: pytest.fail("rows were read again"))
    assert count_training(staged, tokenizer, Unknown(), read=read) == plain
