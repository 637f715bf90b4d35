"""Tokens are counted where the data is at hand: the experiment's rows, and those of a stage that has its own."""

import json
from dataclasses import replace

import pytest

from harness.preflight.token_counts import count_tokens
from harness.preflight.unknown import Unknown
from harness.spec import load
from harness.spec.records import Data, Recipe, Stage


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


def test_what_is_not_at_hand_is_assumed_and_said(staged, tmp_path, monkeypatch):
    (tmp_path / "tasks" / "sums" / "loader.py").write_text("def load(**_):\n    raise ConnectionError('no route')\n")
    unknown = Unknown()
    counts = count_tokens(staged, unknown)
    assert counts.rows.count is None
    assert unknown.assumed[0] == "80 tokens a training example"
    assert "cannot be reached" in unknown.reasons[0]
