"""Accuracy is told apart from guessing and from 1, arm by arm, and a verdict that rests on one that is not says so."""

from dataclasses import replace

import numpy as np
import pytest

from harness.compare.scores import Accuracies
from harness.verdict import judge_scores
from helpers.stand_ins import design, scores

ITEMS = 400


def judged(levels, *, metric="acc", options=4.0, clusters=None, roles=("in_domain", "guard")):
    """Judge arms that get `levels` (in order full, lora, base) of the items right on the guard."""
    one = design(3, roles=roles, metric=metric)
    rng = np.random.default_rng(4)
    right = {
        name: (rng.random((1 if name == "base" else 3, ITEMS)) < level).astype(float)
        for name, level in zip(("full", "lora", "base"), levels, strict=True)
    }
    choice = Accuracies(options=np.broadcast_to(options, ITEMS), right=right, clusters=clusters)
    first, *others = scores(one, (0.05,) * len(roles), clusters=clusters)
    return judge_scores(one, (first, *(replace(each, accuracies=choice) for each in others)))


def kinds(found):
    return {each.arm: (each.at_chance, each.at_ceiling) for each in found.accuracies}


def test_an_arm_is_at_chance_at_the_ceiling_or_neither():
    found = judged((0.6, 0.25, 1.0))
    assert kinds(found) == {"full": (False, False), "lora": (True, False), "base": (False, True)}
    marks = {each.arm: each.mark for each in found.accuracies}
    assert marks["full"] is None
    assert marks["lora"] == "at chance: accuracy can show no loss here"
    assert marks["base"] == "at the ceiling: accuracy can show no gain here"


def test_runs_that_failed_and_seeds_beyond_a_look_do_not_count():
    one = design(3, roles=("in_domain", "guard"))
    right = np.array([np.ones(ITEMS), np.full(ITEMS, np.nan), np.zeros(ITEMS)])
    first, guard = scores(one, (0.05, 0.05))
    guard = replace(guard, accuracies=Accuracies(options=np.full(ITEMS, 4.0), right={"full": right}, clusters=None))
    assert judge_scores(one, (first, guard)).accuracies[0].accuracy == 0.5
    cut = guard.of_first(2)
    assert cut.accuracies.right["full"].shape == (2, ITEMS)
    assert np.nanmean(cut.accuracies.right["full"]) == 1.0


def test_guessing_counts_the_options_of_each_item():
    options = np.where(np.arange(ITEMS) % 2, 2.0, 4.0)
    (level, *_) = judged((0.375, 0.6, 0.6), options=options).accuracies
    assert level.guessing == pytest.approx(0.375)
    assert level.at_chance


def test_below_guessing_can_lose_nothing_either():
    assert judged((0.1, 0.6, 0.6)).accuracies[0].at_chance


def test_clusters_widen_what_is_told_apart():
    clusters = np.repeat(np.arange(8), ITEMS // 8)
    right = np.repeat([1.0, 0.0, 0.0, 1.0, 1.0, 0.0, 0.0, 0.0], ITEMS // 8)
    one = design(3, roles=("in_domain", "guard"))

    def level(labels):
        choice = Accuracies(options=np.full(ITEMS, 4.0), right={"base": right[None]}, clusters=labels)
        first, guard = scores(one, (0.05, 0.05))
        return judge_scores(one, (first, replace(guard, accuracies=choice))).accuracies[0]

    assert not level(None).at_chance
    assert level(clusters).at_chance


def test_an_accuracy_verdict_carries_the_marks_that_it_rests_on():
    found = judged((0.6, 0.25, 0.25))
    notes = {each.candidate: each.notes for each in found.guards}
    assert notes["full"] == ("at chance: accuracy can show no loss here (base on guard_1)",)
    assert notes["lora"] == ("at chance: accuracy can show no loss here (lora on guard_1, base on guard_1)",)
    (extra,) = found.extra_forgetting
    assert extra.notes[-1] == "at chance: accuracy can show no loss here (lora on guard_1)"


def test_a_verdict_by_another_metric_carries_none():
    found = judged((0.6, 0.25, 0.25), metric="answer_margin")
    assert kinds(found)["lora"] == (True, False)
    assert not any("at chance" in note for each in found.guards for note in each.notes)


def test_suites_without_options_have_no_level():
    one = design()
    assert judge_scores(one, scores(one, (0.05, 0.05))).accuracies == ()
