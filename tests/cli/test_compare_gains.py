"""``harness compare`` of anyone's logs with ``--base``: shares of the gain, and marks where accuracy shows nothing."""

import json

import numpy as np
import pytest

from harness.cli import main
from helpers.logs import line, write

ITEMS = 240
OPTIONS = {"arguments": {f"gen_args_{k}": {"arg_0": "Which?", "arg_1": f" {k}"} for k in range(4)}}


@pytest.fixture
def logs(tmp_path):
    """Three seeds of two arms and the base: in-domain much is learned, out-of-domain all of them guess."""
    rng = np.random.default_rng(6)
    hard = rng.random(ITEMS)
    for arm, skill in (("full", 0.9), ("lora", 0.75), ("base", 0.45)):
        for s in range(1 if arm == "base" else 3):
            for task, level in (("near", skill), ("far", 0.33)):
                noise = hard if task == "near" else rng.random(ITEMS)
                right = 0.7 * noise + 0.3 * rng.random(ITEMS) < level
                lines = [{**line(k, float(each), page=f"p{k // 2}"), **OPTIONS} for k, each in enumerate(right)]
                write(tmp_path / arm / str(s), task, lines)
    return tmp_path


def words(logs, *more):
    seeds = {arm: [str(logs / arm / str(s)) for s in range(3)] for arm in ("full", "lora")}
    arms = ["--reference", *seeds["full"], "--candidate", *seeds["lora"], "--base", str(logs / "base" / "0")]
    return ["compare", *arms, "--in-domain", "near", "--out-of-domain", "far", "--metric", "acc", *more]


def test_the_share_of_the_gain_and_the_marks_are_printed(logs, capsys):
    assert main(words(logs)) == 0
    text = " ".join(capsys.readouterr().out.split())
    assert "candidate gives up " in text
    assert "reference is not shown to have gained over the untuned model on far" in text
    assert "far: at chance: accuracy can show no loss here: reference" in text
    assert "near: at chance" not in text


def test_verdict_json_has_them_too(logs, capsys):
    assert main(words(logs, "--json")) == 0
    found = json.loads(capsys.readouterr().out)
    assert [(each["task"], each["share"] is None) for each in found["shares"]] == [("near", False), ("far", True)]
    levels = {(each["arm"], each["task"]): each["at_chance"] for each in found["accuracies"]}
    assert levels[("reference", "near")] is False
    assert levels[("base", "far")] is True
    assert found["accuracies"][0]["guessing"] == 0.25
    assert any("at chance" in note for note in found["comparisons"][0]["notes"])


def test_a_score_without_a_natural_margin_asks_for_one(logs, capsys):
    wrong = [*words(logs)[:-1], "answer_margin"]
    assert main(wrong) == 64
    told = capsys.readouterr().err
    assert "answer_margin has no natural margin" in told
    assert "--sesoi" in told
