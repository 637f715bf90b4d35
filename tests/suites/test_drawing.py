"""Items are drawn with a seed, each as likely as any other, in proportion over what they are."""

import math
from collections import Counter

from datasets import Dataset
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.suites.drawing import drawn, labels_of, spread

LABELS = st.lists(
    st.tuples(st.sampled_from("abc"), st.sampled_from("xy"), st.integers(0, 9).map(str)), min_size=1, max_size=120
)
SEEDS = st.integers(0, 2**31)


@settings(deadline=None)
@given(labels=LABELS, seed=SEEDS, data=st.data())
def test_every_block_has_its_share_to_within_one_item(labels, seed, data):
    count = data.draw(st.integers(1, len(labels)))
    places = drawn(labels, count, seed=seed)
    assert len(set(places)) == len(places) == count
    assert places == sorted(places)
    assert set(places) <= set(range(len(labels)))
    for depth in (1, 2, 3):
        whole = Counter(label[:depth] for label in labels)
        taken = Counter(labels[place][:depth] for place in places)
        for block, size in whole.items():
            share = size * count / len(labels)
            assert math.floor(share) <= taken[block] <= math.ceil(share)


@settings(deadline=None, max_examples=20)
@given(labels=LABELS, seed=SEEDS)
def test_one_seed_gives_one_draw(labels, seed):
    count = (len(labels) + 1) // 2
    assert drawn(labels, count, seed=seed) == drawn(list(labels), count, seed=seed)


def test_another_seed_draws_other_items():
    labels = [()] * 1000
    assert len({tuple(drawn(labels, 10, seed=seed)) for seed in range(20)}) == 20


def test_each_item_is_as_likely_as_any_other():
    labels = [("a",)] * 3 + [("b",)] * 17 + [("c",)] * 5
    times = Counter(place for seed in range(4000) for place in drawn(labels, 6, seed=seed))
    expected, variance = 4000 * 6 / 25, 4000 * 6 / 25 * 19 / 25
    assert all(abs(times[place] - expected) < 5 * math.sqrt(variance) for place in range(25))


def test_all_are_taken_where_there_are_no_more():
    assert drawn([("a",)] * 4, 9, seed=1) == [0, 1, 2, 3]


def test_a_spread_holds_what_is_drawn_in_another_order():
    labels = [("ab"[n % 2],) for n in range(200)]
    places = spread(labels, 32, seed=3)
    assert sorted(places) == drawn(labels, 32, seed=3)
    assert places != sorted(places)


def test_documents_are_labelled_by_the_fields_that_all_of_them_have():
    rows = [{"form": "name", "cluster": 1, "q": "?"}, {"form": "type", "cluster": 2, "q": "?"}]
    expected = [("name", "1"), ("type", "2")]
    assert labels_of(rows) == labels_of(Dataset.from_list(rows)) == expected
    assert labels_of([*rows, {"form": "type", "q": "?"}]) == [("name",), ("type",), ("type",)]
    assert labels_of(Dataset.from_list([{"q": "?"}] * 3)) == [(), (), ()]
    assert labels_of(rows, ("q", "q")) == [("?",), ("?",)]
