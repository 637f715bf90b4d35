"""Who is ahead seed by seed: each candidate and suite once, with the remark, and nothing where no seed has a gap."""

import pytest

from harness.report.render.text import render_text
from harness.report.sections.gaps import seeds_block
from harness.verdict import judge_scores
from harness.verdict.by_seed import by_seed
from helpers.stand_ins import design, scores


def judged(gaps, *, seeds=5, **changes):
    one = design(seeds, **changes)
    return judge_scores(one, scores(one, gaps))


def test_each_candidate_stands_on_each_suite_once():
    roles = ("in_domain", "out_of_domain", "out_of_domain")
    found = list(by_seed(judged((0.1, -0.1, 0.05), roles=roles, candidates=2)))
    assert [(each.candidate, each.task) for each in found] == [
        (candidate, task)
        for candidate in ("lora0", "lora1")
        for task in ("in_domain_0", "out_of_domain_1", "out_of_domain_2")
    ]
    assert [each.found.wins for each in found] == [0, 5, 0] * 2
    assert {each.found.pairs for each in found} == {5}


def test_the_lead_is_that_of_the_verdict():
    verdicts = judged((-0.1, 0.1))
    inside, outside = by_seed(verdicts)
    (one,) = verdicts.comparisons
    gaps = [each.gap_in for each in one.per_seed]
    assert sum(gaps) / len(gaps) == pytest.approx(one.gap_in.estimate)
    assert inside.found.t > 0 > outside.found.t


def test_it_says_that_seeds_are_no_independent_pairs():
    text = " ".join(render_text(*seeds_block(tuple(by_seed(judged((-0.1, 0.1)))))).split())
    assert "5 of 5" in text
    assert "0 of 5" in text
    assert "no independent pairs" in text


def test_without_an_out_of_domain_suite_there_is_nothing():
    assert list(by_seed(judged((0.1,), roles=("in_domain",)))) == []
    assert list(seeds_block(())) == []
