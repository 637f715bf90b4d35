"""Looks: each spends its part of the error rate, what was given stands, and a run stops where it may."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from harness.compare.design import ABSENT, FailedRun
from harness.spec.looks import resolved
from harness.verdict import judge_scores
from harness.verdict.analysis import Analysis
from harness.verdict.futility import FUTILE, label_chances
from harness.verdict.persistence import Persistence
from harness.verdict.ranks import DECISIVE, OPEN, PARTIAL, rank, replaces
from harness.verdict.rules import Label, needed
from helpers.stand_ins import design, scores

SCHEMA = json.loads((Path(__file__).parents[2] / "specs/schema/verdict.schema.json").read_text(encoding="utf-8"))
ROLES = ("in_domain", "out_of_domain", "guard")
CLEAR, OPEN_GAPS, NOTHING = {"gaps": (0.1, 0.1)}, {"gaps": (0.05, 0.05), "noise": 0.5}, {"gaps": (0.0, 0.0)}


def absent(one, made):
    """The design as it stands when the runs of so many seeds have been made."""

    def cut(arm):
        runs = [
            run if k < made else FailedRun(kind=ABSENT, message="not yet", seed=run.seed)
            for k, run in enumerate(arm.runs)
        ]
        return replace(arm, runs=tuple(runs))

    return replace(one, reference=cut(one.reference), candidates=tuple(map(cut, one.candidates)))


def with_looks(looks, *, made=None, stop_at="settled", roles=ROLES, **changes):
    one = design(looks[-1], looks=looks, stop_at=stop_at, roles=roles, **changes)
    return one if made is None else absent(one, made)


def judged(one, gaps, **data):
    found = judge_scores(one, scores(one, (*gaps, 0.0)[: len(one.suites)], **data))
    Draft202012Validator(SCHEMA).validate(json.loads(json.dumps(found.to_json(), allow_nan=False)))
    return found


@given(
    st.lists(st.integers(2, 40), min_size=2, max_size=6, unique=True).map(sorted),
    st.integers(1, 4),
    st.floats(0.001, 0.5),
    st.lists(st.sampled_from(ROLES[1:]), max_size=3),
)
def test_the_tails_of_all_looks_add_up_to_the_one_of_a_single_judgement(looks, candidates, alpha, roles):
    """The union bound: in every family, whatever the looks."""
    one = with_looks(tuple(looks), roles=("in_domain", *roles), candidates=candidates, alpha=alpha)
    whole = replace(one, looks=())
    each = [one.at(look) for look in range(1, len(looks) + 1)]
    for family in (1, candidates, 7):
        tails = [cut.tail(family) for cut in each]
        assert sum(tails) == pytest.approx(whole.tail(family))
        assert min(tails) > 0
        assert each[0].tail(family, len(looks)) == each[-1].tail(family)


def test_a_look_is_judged_with_its_seeds_and_its_tail_alone():
    """As a design of its own would be, at the level that the look has."""
    one = with_looks((3, 5), made=3)
    found = judged(one, **OPEN_GAPS)
    alone = replace(one.at(1), looks=(), look=0, alpha=one.alpha * 3 / 5)
    data = tuple(each.of_first(3) for each in scores(one, (0.05, 0.05, 0.0), noise=0.5))
    other = judge_scores(alone, data)
    assert found.level == pytest.approx(other.level) == pytest.approx(1 - 0.05 * 3 / 5)
    assert found.guard_level == pytest.approx(other.guard_level)
    assert found.comparisons[0].gap_in.interval == pytest.approx(other.comparisons[0].gap_in.interval)
    assert found.comparisons[0].seeds == 3
    assert found.guards[0].gap.interval == pytest.approx(other.guards[0].gap.interval)
    (look,) = found.looks.taken
    assert (look.number, look.seeds, look.tail) == (1, (0, 1, 2), pytest.approx(0.025 * 3 / 5))


def test_a_condition_is_met_exactly_where_its_adjusted_p_is_below_half_alpha_at_a_look_too():
    for made in (3, 5, 8):
        found = judged(with_looks((3, 5, 8), made=made), gaps=(0.03, 0.02), noise=0.2)
        for condition in found.comparisons[0].conditions:
            assert condition.met == (condition.p_adjusted < 0.025)


def test_a_settled_run_stops_and_an_open_one_goes_on():
    assert judged(with_looks((3, 5), made=3), **CLEAR).looks.stopped_at == 1
    found = judged(with_looks((3, 5), made=3), **OPEN_GAPS).looks
    assert (found.stopped_at, found.taken[0].stop) == (None, None)
    assert judged(with_looks((3, 5)), **OPEN_GAPS).looks.stopped_at is None


def test_all_primary_comparisons_must_be_settled():
    roles = ("in_domain", "out_of_domain", "out_of_domain")
    one = with_looks((3, 5), made=3, roles=roles)
    data = scores(one, (0.1, 0.1, 0.1))
    noisy = scores(one, (0.1, 0.1, 0.1), noise=1.0)
    assert judge_scores(one, data).looks.stopped_at == 1
    assert judge_scores(one, (*data[:2], noisy[2])).looks.stopped_at is None


def test_a_partial_verdict_is_settled_and_not_decisive():
    gaps, noise = (0.1, 0.06), {"noise": 0.2, "items": 200}
    found = judged(with_looks((4, 5), made=4), gaps, **noise)
    assert found.comparisons[0].verdict == "persists, size unresolved"
    assert found.looks.taken[0].stop == "settled"
    assert judged(with_looks((4, 5), made=4, stop_at="decisive"), gaps, **noise).looks.taken[0].stop is None


def test_without_an_out_of_domain_suite_the_in_domain_gap_decides():
    assert judged(with_looks((3, 5), made=3, roles=("in_domain",)), (0.1,)).looks.stopped_at == 1
    found = judged(with_looks((3, 5), made=3, roles=("in_domain",)), (0.06,), noise=0.5)
    assert found.looks.stopped_at is None
    assert found.looks.taken[0].labels == {"lora, in_domain_0": "inconclusive"}
    assert found.in_domain[0].chance > FUTILE


def test_nothing_there_and_much_noise_is_futile():
    """A gap of nothing that the margin is far too narrow to be shown in."""
    one = with_looks((3, 5), made=3, sesoi=0.0005)
    found = judged(one, (0.0, 0.0), noise=0.5, seed_sd=0.01)
    assert found.comparisons[0].chance < FUTILE
    assert found.looks.taken[0].stop == "futile"
    assert found.looks.stopped_at == 1
    assert found.comparisons[0].verdict == "inconclusive"


def test_the_chance_is_the_largest_over_labels_of_the_least_of_their_conditions():
    one = with_looks((3, 8), made=3)
    cut = one.at(1)
    data = tuple(each.of_first(3) for each in scores(one, (0.05, 0.05, 0.0), noise=0.5))
    analysis = Analysis.of(cut, data)
    comparison = Persistence(analysis, analysis.candidates[0], *data[:2])
    chances = label_chances(
        (analysis.candidates[0].suites["out_of_domain_1"], analysis.candidates[0].suites["in_domain_0"]),
        comparison.contrasts(),
        comparison.margins,
        0.5,
        tail=0.025 * 5 / 8,
        seeds=8,
    )
    assert set(chances) == {label for label in Label if needed(label)}
    assert all(0 <= float(chance) <= 1 for chance in chances.values())
    assert float(chances[Label.PERSISTS]) <= float(chances[Label.PERSISTS_UNSIZED])
    assert comparison.record(None).chance == pytest.approx(max(map(float, chances.values())))


def test_a_verdict_once_given_stands_whatever_comes_later():
    one = with_looks((3, 8))
    clear, noisy = scores(one, (0.1, 0.1, 0.0)), scores(one, (-0.3, -0.3, 0.0), noise=0.9, seed_sd=0.6)
    mixed = tuple(
        replace(a, values={name: np.concatenate([rows[:3], b.values[name][3:]]) for name, rows in a.values.items()})
        for a, b in zip(clear, noisy, strict=True)
    )
    early, late = judge_scores(absent(one, 3), mixed), judge_scores(one, mixed)
    assert early.comparisons[0].verdict == late.comparisons[0].verdict == "persists, unchanged"
    assert late.looks.taken[1].labels == {"lora, in_domain_0 → out_of_domain_1": "inconclusive"}
    assert late.looks.passed == (1,)
    assert (late.comparisons[0].look, late.comparisons[0].seeds) == (1, 3)
    assert late.comparisons[0].gap_in == early.comparisons[0].gap_in
    assert any("look 1, with 3 seeds" in note for note in late.comparisons[0].notes)


FAMILY = ("persists", "attenuates", "persists, size unresolved", "shrinks, remainder unresolved", "inconclusive")


@given(st.lists(st.sampled_from((*FAMILY, "insufficient")), min_size=1, max_size=6))
def test_a_claim_is_only_ever_followed_by_one_that_settles_more(verdicts):
    stands = verdicts[0]
    for each in verdicts[1:]:
        now = each if replaces(each, stands) else stands
        assert rank(now) >= rank(stands)
        assert now == stands or rank(now) > rank(stands) or rank(stands) == OPEN
        stands = now
    assert rank(stands) == max(map(rank, verdicts))


def test_every_label_has_a_rank():
    assert {label.value for label in Label if rank(label) == OPEN} == {
        "not learned",
        "inconclusive",
        "insufficient",
    }
    assert {label.value for label in Label if rank(label) == PARTIAL} == {
        "persists, size unresolved",
        "shrinks, remainder unresolved",
    }
    assert rank(Label.PERSISTS) == DECISIVE


def test_before_the_first_look_there_is_no_verdict():
    found = judged(with_looks((4, 8), made=3), **CLEAR)
    assert found.comparisons[0].verdict == "insufficient"
    assert "the first look is at 4 seeds, 1 of them still to be run" in found.comparisons[0].sentence
    assert (found.looks.taken, found.looks.stopped_at, found.comparisons[0].look) == ((), None, None)


def test_seeds_between_two_looks_wait_for_the_next_one():
    one = with_looks((3, 5, 8))
    data = scores(one, (0.05, 0.05, 0.0), noise=0.5)
    assert judge_scores(absent(one, 4), data) == judge_scores(absent(one, 3), data)


def test_a_failed_pair_at_a_look_is_said():
    one = with_looks((4, 6), made=4, failed=(1,))
    found = judged(one, **CLEAR)
    assert found.looks.taken[0].pairs == {"lora": 3}
    assert "look 1 was taken without 1 of 4 pairs of runs of lora: one of the two failed" in found.notes
    short = judged(with_looks((3, 6), made=3, failed=(1,)), **CLEAR)
    assert short.comparisons[0].verdict == "insufficient"
    assert short.looks.stopped_at is None


def test_without_looks_nothing_of_them_is_written():
    one = design()
    content = judge_scores(one, scores(one, (0.1, 0.1))).to_json()
    assert "looks" not in content
    assert not {"look", "chance"} & set(content["comparisons"][0])


@settings(deadline=None, max_examples=10)
@given(st.floats(-0.15, 0.15), st.floats(-0.15, 0.15), st.integers(0, 50))
def test_the_same_runs_give_the_same_bytes_whatever_was_judged_before(gap_in, gap_out, seed):
    one = with_looks(resolved((0.4, 0.7, 1.0), 7))
    data = scores(one, (gap_in, gap_out, 0.0), items=40, noise=0.3, rng=np.random.default_rng(seed))
    for made in (3, 5, 7):
        seen = tuple(each.of_first(made) for each in data)
        padded = tuple(
            replace(each, values={name: _padded(rows, len(one.reference.runs)) for name, rows in each.values.items()})
            for each in seen
        )
        first, second = (json.dumps(judge_scores(absent(one, made), each).to_json()) for each in (data, padded))
        assert first == second


def _padded(rows, seeds):
    missing = seeds - len(rows)
    return rows if len(rows) == 1 else np.concatenate([rows, np.full((missing, rows.shape[1]), np.nan)])
