from dataclasses import replace

from harness.questions import splitting
from helpers.items import item


def test_clusters_never_straddle_splits():
    items = [item(n, cluster=f"c{n % 20}") for n in range(200)]
    dealt = splitting.by_cluster(items, {"test": 0.5, "train": 0.5})
    assert sum(map(len, dealt.values())) == 200
    assert not {each.cluster for each in dealt["test"]} & {each.cluster for each in dealt["train"]}


def test_a_training_item_that_quotes_or_repeats_a_test_item_is_dropped():
    test = [item(0, source="the quick brown fox jumps over the lazy dog today")]
    quoted = item(1, source="they say the quick brown fox jumps over the lazy dog and more besides of it")
    near = item(2, source="quick brown fox jumps over the lazy cat today")
    other = item(3, source="nothing of the sort is told in here at all")
    assert splitting.without_leaks([quoted, near, other], test) == [other]


def test_of_near_copies_one_source_stays_with_all_its_forms():
    first = item(0, source="how many litres move through the pump in a minute")
    copies = [
        first,
        replace(first, id="other form"),
        item(1, source="how many litres move through the pump in an hour"),
    ]
    kept = splitting.without_copies(copies)
    assert len({each.source for each in kept}) == 1


def test_an_answer_that_many_entries_share_is_asked_for_three_times():
    same = [item(n, choices=("a timestamp", "b", "c", "d")) for n in range(9)]
    other = item(99)
    kept = splitting.varied([*same, other])
    assert len(kept) == 4
    assert other in kept
    assert kept == splitting.varied(reversed([*same, other]))
