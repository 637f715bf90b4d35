"""A score over all items at once is compared by pseudo-values, and refused where the samples do not come to it."""

import json

import numpy as np
import pytest

from harness.compare.design import Arm, Design, ScoredRun
from harness.compare.scores import read_scores
from harness.errors import ComparisonError
from harness.spec.records import Suite
from harness.verdict import judge
from helpers.logs import line, write

ITEMS = 60
MICRO = "def micro_f1_score(items):\n    return 0\n"


def values(seed, skill):
    rng = np.random.default_rng(seed)
    truth = np.random.default_rng(0).integers(2, size=ITEMS)
    given = np.where(rng.random(ITEMS) < skill, truth, 1 - truth)
    return [[int(right), int(one)] for right, one in zip(truth, given, strict=True)]


def f1(pairs):
    hits = sum(right == given == 1 for right, given in pairs)
    return 2 * hits / (sum(right for right, _ in pairs) + sum(given for _, given in pairs))


def logged(root, metric="f1", *, recorded=f1, configured=None, made=values):
    """Write three seeds of two arms, of which the reference is right more often."""
    for arm, skill in (("full", 0.9), ("lora", 0.6)):
        for s in range(3):
            pairs = made(10 * s + (arm == "lora"), skill)
            lines = [line(k, pair, metric, page=f"p{k // 3}") for k, pair in enumerate(pairs)]
            extra = {"results": {"qa": {f"{metric},none": recorded(pairs)}}} if recorded else {}
            if configured:
                extra["configs"] = {"qa": {"metric_list": [{"metric": metric, "aggregation": configured}]}}
            path = write(root / arm / str(s), "qa", lines)
            (results,) = path.parent.glob("results_*.json")
            results.write_text(json.dumps(json.loads(results.read_text()) | extra))
    return root


def design(root, *, metric="f1", cluster="page", **changes):
    runs = {arm: tuple(ScoredRun(folder=root / arm / str(s)) for s in range(3)) for arm in ("full", "lora")}
    return Design(
        reference=Arm(name="full", runs=runs["full"]),
        candidates=(Arm(name="lora", runs=runs["lora"]),),
        suites=(Suite(task="qa", role="in_domain", metric=metric, cluster=cluster),),
        sesoi=0.02,
        **changes,
    )


def refused(one):
    with pytest.raises(ComparisonError) as caught:
        read_scores(one)
    return str(caught.value)


def test_the_mean_of_a_runs_units_is_its_score(tmp_path):
    (found,) = read_scores(design(logged(tmp_path)))
    assert found.values["full"].shape == (3, 20)
    assert (found.items, found.units, found.whole) == (ITEMS, 20, "f1")
    scores = [f1(values(10 * s, 0.9)) for s in range(3)]
    assert found.values["full"].mean(axis=1) == pytest.approx(scores)
    assert any("pseudo-value" in note for note in found.notes)


def test_without_clusters_the_units_are_items(tmp_path):
    (found,) = read_scores(design(logged(tmp_path), cluster="none"))
    assert found.values["lora"].shape == (3, ITEMS)


def test_the_gap_is_that_of_the_scores(tmp_path):
    (found,) = judge(design(logged(tmp_path))).in_domain
    means = [np.mean([f1(values(10 * s + k, skill)) for s in range(3)]) for k, skill in ((0, 0.9), (1, 0.6))]
    assert found.gap.estimate == pytest.approx(means[0] - means[1])
    assert found.verdict == "reference better"
    assert (found.items, found.units) == (ITEMS, 20)


def test_samples_that_do_not_come_to_what_was_recorded_are_refused(tmp_path):
    message = refused(design(logged(tmp_path, recorded=lambda pairs: f1(pairs) + 0.01)))
    assert "lm-eval recorded" in message
    assert "full/0" in message


def test_a_function_is_known_by_its_name_and_held_to_what_it_came_to(tmp_path):
    accuracy = lambda pairs: float(np.mean([right == given for right, given in pairs]))  # noqa: E731
    (found,) = read_scores(design(logged(tmp_path / "a", recorded=accuracy, configured=MICRO)))
    assert found.whole == "micro_f1"
    assert "as micro_f1" in refused(design(logged(tmp_path / "b", recorded=f1, configured=MICRO)))


def test_a_perplexity_is_no_mean_of_the_log_likelihoods_that_are_logged(tmp_path):
    def made(seed, skill):
        return (-np.random.default_rng(seed).exponential(3 - 2 * skill, size=ITEMS)).tolist()

    def perplexity(likelihoods):
        return float(np.exp(-np.mean(likelihoods)))

    root = logged(tmp_path, "perplexity", recorded=perplexity, made=made)
    (found,) = judge(design(root, metric="perplexity")).in_domain
    means = [np.mean([perplexity(made(10 * s + k, skill)) for s in range(3)]) for k, skill in ((0, 0.9), (1, 0.6))]
    assert found.gap.estimate == pytest.approx(means[1] - means[0])  # the lower one is better


def test_what_nobody_can_take_apart_is_refused_with_the_reason(tmp_path):
    root = logged(tmp_path, recorded=None, configured="def agg_bias(items):\n    return 0\n")
    message = refused(design(root))
    assert "the task's own `agg_bias`" in message
    assert "`aggregation: mean`" in message


def test_repeated_items_count_once_only_where_they_were_answered_alike(tmp_path):
    root = logged(tmp_path, recorded=None)
    path = next((root / "full" / "0").rglob("samples_*"))
    first = path.read_text().splitlines(keepends=True)[0]
    path.write_text(path.read_text() + first)
    (found,) = read_scores(design(root))
    assert found.items == ITEMS
    path.write_text(path.read_text() + first.replace('"f1": [', '"f1": [7, '))
    assert "more than once with different scores" in refused(design(root))


def test_a_control_of_such_a_score_has_no_share_and_it_is_said(tmp_path):
    root = logged(tmp_path, recorded=None)
    control = Arm(name="base, 5 examples", runs=(ScoredRun(folder=root / "lora" / "0"),))
    (found,) = read_scores(design(root, controls=(control,)))
    assert found.controls == {}
    assert any("base, 5 examples has is not known: the score has no items" in note for note in found.notes)
