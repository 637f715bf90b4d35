import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.compare.corpora import corpus
from harness.declarations.aggregation import Kind, declared_aggregation
from harness.declarations.tasks import find_task
from harness.questions import hub
from harness.statistics.pseudo import Ranking
from harness.suites.binary import precision_at_recall, roc_auc, yes_no
from harness.suites.load import load_task

ITEMS = [(1, 4.0), (1, 3.0), (0, 2.5), (1, 2.0), (0, 1.0), (0, 0.5), (1, -1.0), (0, -2.0)]
"""Four yes items: three of them lie above the second no item, the last below three."""
VALUES = st.lists(st.tuples(st.integers(0, 1), st.integers(-4, 4).map(float)), min_size=1, max_size=30)


def at(recall, items=ITEMS):
    return precision_at_recall([(*each, recall) for each in items])


@pytest.mark.parametrize(
    ("recall", "precision"),
    [(0.25, 1.0), (0.5, 1.0), (0.51, 3 / 4), (0.75, 3 / 4), (0.76, 4 / 7), (1.0, 4 / 7), (0.01, 1.0)],
)
def test_precision_is_that_of_the_fewest_called_yes_that_find_enough(recall, precision):
    assert at(recall) == pytest.approx(precision)


def test_what_ties_with_the_threshold_is_called_yes_too():
    assert at(0.5, [(1, 1.0), (0, 1.0), (0, 1.0), (1, 1.0), (0, 0.0)]) == 2 / 4


def test_nine_tenths_of_ten_are_nine():
    ten = [(1, 10.0 - n) for n in range(10)] + [(0, 1.5)]
    assert at(0.9, ten) == 1.0
    assert at(0.91, ten) == 10 / 11


def test_without_a_yes_there_is_no_precision():
    assert math.isnan(at(0.9, [(0, 1.0)]))
    assert math.isnan(precision_at_recall([]))


@pytest.mark.parametrize("recalls", [(0.5, 0.9), (0.0, 0.0), (1.5, 1.5), (math.nan, math.nan)])
def test_one_recall_has_to_be_declared(recalls):
    with pytest.raises(ValueError, match=r"one in \(0, 1\] is needed"):
        precision_at_recall([(1, 1.0, recalls[0]), (0, 0.0, recalls[1])])


@given(VALUES.filter(lambda items: any(right for right, _ in items)), st.sampled_from([0.1, 0.5, 0.9, 1.0]))
def test_precision_follows_its_definition_whatever_the_order(items, recall):
    """Naively: of all thresholds that find enough, the largest; another scale of the odds changes nothing."""
    yes = sum(right for right, _ in items)
    enough = [bar for _, bar in items if sum(right for right, odds in items if odds >= bar) >= recall * yes - 1e-9]
    called = [right for right, odds in items if odds >= max(enough)]
    assert at(recall, items) == sum(called) / len(called)
    assert at(recall, items[::-1]) == at(recall, items) == at(recall, [(right, 3 * odds - 1) for right, odds in items])


@given(VALUES.filter(lambda items: {right for right, _ in items} == {0, 1}))
def test_the_area_is_that_of_the_comparators_own(items):
    found = corpus("roc_auc", [list(each) for each in items])
    assert isinstance(found, Ranking)
    assert roc_auc(items) == pytest.approx(float(found.score()))


def test_an_item_has_its_odds_and_what_has_to_be_found():
    assert yes_no({"answer": 1, "recall": 0.9}, [(-2.0, False), (-0.5, True)]) == {
        "acc": 1.0,
        "roc_auc": (1, 1.5),
        "precision_at_recall": (1, 1.5, 0.9),
    }
    assert yes_no({"answer": 1, "recall": 0.9}, [(-0.5, True), (-2.0, False)])["acc"] == 0.0
    assert yes_no({"answer": 0, "recall": 0.9}, [(-0.5, True), (-2.0, False)])["acc"] == 1.0


def test_lm_eval_makes_the_scores_of_the_shipped_task(monkeypatch):
    rows = [{"text": f"Clause {number}.", "labels": [3] if right else []} for number, (right, _) in enumerate(ITEMS)]
    monkeypatch.setattr(hub, "load_dataset", lambda *_args, **_options: rows)
    task = load_task("unfair_terms")
    documents = zip(task.test_docs(), ITEMS, strict=True)
    scored = [task.process_results(document, [(0.0, False), (odds, False)]) for document, (_, odds) in documents]
    made = {name: task.aggregation()[name]([each[name] for each in scored]) for name in scored[0]}
    assert made == pytest.approx({"acc": 4 / 8, "roc_auc": 12 / 16, "precision_at_recall": 4 / 7})


def test_the_area_is_compared_and_the_precision_is_reported_alone():
    task = find_task("unfair_terms")
    assert declared_aggregation(task, "roc_auc").kind is Kind.PSEUDO_VALUES
    refused = declared_aggregation(task, "precision_at_recall")
    assert refused.kind is Kind.REFUSED
    assert "roc_auc" in refused.reason
