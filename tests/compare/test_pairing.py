"""Items pair by their hashes, and what does not pair is told by what differs."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.compare.pairing import Index, counted_once, unpaired
from harness.compare.sources import ScoredItem
from harness.errors import ComparisonError

HERE, THERE = Path("here.jsonl"), Path("there.jsonl")


def item(number, score=0.0, *, prompt="p", target="t", cluster=None):
    key = (f"doc {number}", f"{prompt} {number}", f"{target} {number}")
    return ScoredItem(key=key, doc_id=number, score=score, cluster=cluster)


def problems(items, against=4):
    return list(unpaired(Index.of(THERE, [item(k) for k in range(against)]), HERE, items))


@given(st.permutations(range(8)), st.permutations(range(8)))
@settings(deadline=None, max_examples=30)
def test_scores_and_clusters_land_in_the_same_place_whatever_the_order_of_the_file(first, second):
    index = Index.of(THERE, [item(k, k) for k in first])
    here = [item(k, 10.0 * k, cluster=f"page {k % 3}") for k in second]
    assert sorted(index.scores(here)) == [10.0 * k for k in range(8)]
    assert list(index.scores(here)) == [10 * score for score in index.scores([item(k, k) for k in first])]
    pages = index.clusters(here)
    assert [int(page) for page in pages] == [int(score / 10) % 3 for score in index.scores(here)]


def test_without_labels_there_are_no_clusters():
    assert Index.of(HERE, [item(0), item(1)]).clusters([item(0), item(1)]) is None


def test_the_same_items_in_another_order_pair():
    assert problems([item(k) for k in (3, 1, 0, 2)]) == []


def test_other_prompts_for_the_same_documents_are_named_as_such():
    (message,) = problems([item(0), item(1, prompt="chat"), item(2, prompt="chat"), item(3)])
    assert message.startswith("here.jsonl and there.jsonl prompt 2 of the same documents differently (doc_id 1, 2)")
    assert "chat template" in message


def test_other_targets_are_named_as_such():
    (message,) = problems([item(0), item(1), item(2), item(3, target="x")])
    assert message == "here.jsonl and there.jsonl have other targets for 1 items (doc_id 3)."


def test_missing_items_are_named():
    (message,) = problems([item(0), item(3)])
    assert message == "here.jsonl lacks 2 items of there.jsonl (doc_id 1, 2)."


def test_items_of_another_split_are_named_on_both_sides():
    here, there = problems([item(k) for k in (0, 1, 2, 9)])
    assert here == "here.jsonl has 1 items that there.jsonl lacks (doc_id 9)."
    assert there == "here.jsonl lacks 1 items of there.jsonl (doc_id 3)."


def test_many_are_counted_and_three_are_shown():
    (message,) = problems([item(0)], against=10)
    assert "lacks 9 items of there.jsonl (doc_id 1, 2, 3 and 6 more)" in message


def test_an_item_that_was_scored_alike_each_time_counts_once():
    items, repeated = counted_once(HERE, [item(0, 1.0), item(1, 0.5), item(1, 0.5), item(1, 0.5000001)])
    assert [(each.doc_id, each.score) for each in items] == [(0, 1.0), (1, 0.5)]
    assert repeated == 2


def test_an_item_with_two_scores_is_refused():
    with pytest.raises(ComparisonError) as refused:
        counted_once(HERE, [item(0), item(1, 1.0), item(1, 0.0), item(2, 1.0), item(2, 1.0)])
    assert "here.jsonl has 1 items more than once with different scores (doc_id 1; the first 1 and 0)" in str(
        refused.value
    )


@given(st.lists(st.integers(0, 5), min_size=1, max_size=20), st.randoms(use_true_random=False))
@settings(deadline=None, max_examples=30)
def test_which_items_count_does_not_depend_on_the_order_of_the_file(numbers, random):
    whole = [item(k, k / 7 + place * 1e-9) for place, k in enumerate(numbers)]
    first, left_out = counted_once(HERE, whole)
    random.shuffle(whole)
    second, again = counted_once(HERE, whole)
    assert sorted((each.key, each.score) for each in first) == sorted((each.key, each.score) for each in second)
    assert left_out == again == len(numbers) - len(set(numbers))


def test_the_same_document_with_another_prompt_is_another_item():
    items = [item(0, 1.0), item(0, 0.0, prompt="again")]
    assert counted_once(HERE, items) == (items, 0)
    assert len(Index.of(HERE, items).position) == 2


@pytest.mark.parametrize("count", [1, 5])
def test_every_item_has_one_place(count):
    index = Index.of(HERE, [item(k) for k in range(count)])
    assert sorted(index.position.values()) == list(range(count))
    assert np.isfinite(index.scores([item(k) for k in range(count)])).all()
