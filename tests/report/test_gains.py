"""Shares of the gain, controls and reasons stand in the report of a run, and only where there are any."""

import json
from types import SimpleNamespace

import pytest

import harness
from harness.report.sections.gains import control_sentences, share_sentences
from harness.verdict.records import ControlShare
from helpers.runs import scored_run

SKILLS = {"base": 0.2, "base, 2 examples": 0.45, "full--default": 0.85, "lora--tiny": 0.7}


@pytest.fixture
def spec(tiny_spec):
    declared = json.loads(tiny_spec.read_text())
    declared["controls"] = [{"num_fewshot": 2}]
    declared["comparison"]["sesoi_reason"] = "as on the exam"
    tiny_spec.write_text(json.dumps(declared))
    return tiny_spec


def report(folder, spec, **changes):
    scored_run(folder, spec, items=300, skills=SKILLS | changes)
    run = harness.load_run(folder)
    return run, harness.report(run)


def test_a_run_shows_controls_as_rows_with_what_they_give_of_each_gain(tmp_path, spec):
    run, text = report(tmp_path / "run", spec)
    rows = [line.split("  ")[0] for line in text.splitlines()]
    assert rows.count("base, 2 examples") == 2
    assert text.count("base, 2 examples: without training, ") == 4
    (share,) = [each.share for each in run.verdicts.controls if (each.arm, each.task) == ("lora--tiny", "sums")]
    assert share.estimate == pytest.approx(0.5, abs=0.15)


def test_a_run_shows_the_share_of_the_gain_in_table_and_sentence(tmp_path, spec):
    run, text = report(tmp_path / "run", spec)
    share = run.verdicts.shares[0].share
    assert text.count("given up") == 2
    assert f"lora--tiny gives up {100 * share.estimate:.0f}% (" in " ".join(text.split())
    assert f" {share.estimate:.0%}\n" in text


def test_where_no_gain_is_shown_there_is_no_column(tmp_path, spec):
    _, text = report(tmp_path / "run", spec, base=0.85)
    assert "given up" not in text
    assert "a share of it would be unbounded" in " ".join(text.split())


def test_the_reason_of_the_smallest_effect_is_said(tmp_path, spec):
    _, text = report(tmp_path / "run", spec)
    assert "smallest effect of interest on sums, sums_far: 0.02 of acc (as on the exam)" in text


def test_a_run_without_controls_and_reasons_says_nothing_of_them(tmp_path, tiny_spec):
    _, text = report(tmp_path / "run", tiny_spec)
    assert "examples" not in text
    assert "smallest effect of interest on" not in text


def idle(arm, low=-0.1, high=0.2):
    gain = SimpleNamespace(estimate=(low + high) / 2, interval=(low, high))
    return ControlShare(
        model="base",
        control="base, 5 examples",
        arm=arm,
        task="near",
        metric="answer_margin",
        control_gain=gain,
        gain=gain,
        share=None,
        sentence=f"{arm} has none.",
    )


@pytest.mark.parametrize(("arms", "sentences"), [(2, 2), (3, 1), (11, 1)])
def test_many_arms_without_a_gain_have_one_sentence(arms, sentences):
    verdicts = SimpleNamespace(controls=[idle(f"lora--r{rank}") for rank in range(arms)], level=0.995)
    found = [block.text for block in control_sentences(verdicts, "near")]
    assert len(found) == sentences
    assert all(f"lora--r{rank}" in " ".join(found) for rank in range(arms))
    if sentences == 1:
        assert "lora--r0 0.05 [-0.1, 0.2], " in found[0]
        assert found[0].endswith("(bits/byte, 99.5% intervals).")


def test_an_arm_that_lost_keeps_a_sentence_of_its_own():
    lost = idle("lora--worse", low=-0.3, high=-0.1)
    verdicts = SimpleNamespace(controls=[lost, *(idle(f"lora--r{rank}") for rank in range(3))], level=0.95)
    first, rest = (block.text for block in control_sentences(verdicts, "near"))
    assert first == "lora--worse has none."
    assert "lora--worse" not in rest


def test_that_the_reference_gained_nothing_is_said_once():
    comparisons = [
        SimpleNamespace(candidate=candidate, in_domain="near", out_of_domain="far") for candidate in ("one", "two")
    ]
    shares = [
        SimpleNamespace(candidate=candidate, task=task, share=share, sentence=sentence)
        for candidate in ("one", "two")
        for task, share, sentence in (
            ("near", None, "the reference has none"),
            ("far", 0.2, f"{candidate} gives up 20%"),
        )
    ]
    verdicts = SimpleNamespace(comparisons=comparisons, shares=shares)
    one, two = (list(share_sentences(verdicts, each)) for each in comparisons)
    assert one == ["the reference has none", "one gives up 20%"]
    assert two == ["two gives up 20%"]
