"""What to use, in words: the recipe with its saving, a set without costs, or the closest with what it would take."""

from dataclasses import replace

import harness
from harness.report.render.text import render_text
from harness.report.sections.decision import decision_blocks
from harness.statistics.speedup import SpeedUp
from harness.verdict import judge_scores
from harness.verdict.decision import Decision, decide
from helpers.runs import scored_run
from helpers.stand_ins import design, scores

GUARDED = ("in_domain", "out_of_domain", "guard")


def said(verdicts, decision=None):
    text = render_text(*decision_blocks(verdicts, decision or decide(verdicts.recommendation, None)))
    return " ".join(text.split())


def judged(gaps=(0.0, 0.0, 0.0), seeds=5, *, roles=GUARDED, candidates=1, changes=None, **data):
    one = design(seeds, roles=roles, candidates=candidates, **(changes or {}))
    return judge_scores(one, scores(one, gaps, **data))


def chosen(recipe, **costs):
    return Decision(by="training_time", recipe=recipe, costs=costs, saving=0.4, speed_up=None)


def test_a_recipe_is_named_with_what_it_saves_and_where_it_is_shown():
    text = said(judged(), chosen("lora", full=10.0, lora=6.0))
    assert text.startswith(
        "WHAT TO USE: lora It saves 40% of the training time of full: full 10.0 s, lora 6.0 s a run."
    )
    for task in ("in_domain_0", "out_of_domain_1", "guard_2"):
        assert task in text


def test_without_costs_there_is_a_set():
    text = said(judged(candidates=2))
    assert text.startswith("WHAT TO USE: lora0 or lora1, whichever costs least")
    assert "What they cost is not known here" in text


def test_one_candidate_without_costs_is_not_said_to_be_cheap():
    assert said(judged()).startswith("WHAT TO USE: lora, if it costs less")


def test_times_that_do_not_tell_are_no_recommendation():
    ratio = SpeedUp(estimate=1.18, low=0.15, high=9.62, p=0.8, pairs=5)
    means = {"full": 283.0, "lora": 500.0}
    open_ = Decision(
        by="training_time", recipe=None, costs=means, saving=None, speed_up=None, unsettled={"lora": ratio}
    )
    text = said(judged(), open_)
    assert text.startswith("WHAT TO USE: lora, if it costs less")
    assert "not settled: lora 1.18 times as fast, 95% interval 0.15 to 9.62. The means: full 4 min 43 s" in text


def test_what_is_shown_and_dearer_leaves_the_reference():
    text = said(judged(), chosen("full", full=4.0, lora=6.0))
    assert text.startswith("WHAT TO USE: full lora is shown not to be worse by the margin, and costs more")


def test_where_none_is_shown_the_closest_says_what_it_would_take():
    text = said(judged((-0.005, -0.005, -0.005), seeds=3, noise=0.1, seed_sd=0.01))
    assert text.startswith("WHAT TO USE: none is shown to do as well as full")
    assert "The closest is lora: not shown on" in text
    assert "What it would take to show it, four times in five" in text


def test_one_that_is_worse_is_said_to_stay_so():
    text = said(judged((0.1, 0.0, 0.0)))
    assert "it is worse by more than the margin on in_domain_0, and stays so" in text
    assert "What it would take" not in text


def test_a_recipe_that_forgets_as_its_reference_does_is_told_of():
    one = design(roles=GUARDED)
    inside, outside, guard = scores(one, (0.0, 0.0, 0.0))
    lost = {name: rows - (0.1 if name != "base" else 0.0) for name, rows in guard.values.items()}
    text = said(judge_scores(one, (inside, outside, replace(guard, values=lost))))
    assert text.startswith("WHAT TO USE: lora")
    assert "Against the untuned model lora forgets on guard_2" in text


def test_several_candidates_have_a_row_each():
    text = said(judged(candidates=3, changes={"placebo_names": frozenset({"lora2"})}))
    assert "where it is shown of each candidate" in text
    assert "a placebo" in text


def test_the_report_of_a_run_ends_with_it_and_costs_json_has_it(tiny_spec, tmp_path):
    run = harness.load_run(scored_run(tmp_path / "run", tiny_spec, items=60).folder)
    blocks = harness.report(run).split("\n\n")
    assert blocks[-2].startswith("WHAT TO USE: ")
    assert run.verdicts.recommendation.reference == "full--default"
    assert '"decision"' in (run.folder / "costs.json").read_text()
