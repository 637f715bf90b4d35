"""Pairs are drawn from a named seed, with sides in balance and both sides from one training seed."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.errors import UsageError
from harness.ratings.answers import Answers, Posed
from harness.ratings.draw import draw_pairs

ARMS = ("full", "lora", "dora")


def answers(items=30, seeds=(0, 1, 2), per_cluster=2):
    posed = tuple(
        Posed(item=f"i{k}", text=f"question {k}", document={"form": "x"}, cluster=f"c{k // per_cluster}")
        for k in range(items)
    )
    texts = {
        (arm, seed): {each.item: f"{each.item} of {arm} {seed}" for each in posed} for arm in ARMS for seed in seeds
    }
    return Answers(task="cot", metadata={}, posed=posed, seeds=tuple(seeds), texts=texts)


def drawn(seed=0, items=12, **changes):
    return draw_pairs(answers(**changes), "full", ARMS[1:], items=items, seed=seed)


def test_one_seed_gives_the_same_pairs_and_another_seed_others():
    assert drawn(seed=4) == drawn(seed=4)
    assert [each.name for each in drawn(seed=4)] != [each.name for each in drawn(seed=5)]


@given(seed=st.integers(0, 2**40), items=st.integers(2, 30))
def test_every_question_is_there_once_with_each_candidate_and_the_sides_are_in_balance(seed, items):
    pairs = drawn(seed=seed, items=items)
    assert len({each.name for each in pairs}) == len(pairs) == 2 * items
    for candidate in ARMS[1:]:
        own = [each for each in pairs if candidate in {each.recipe_a, each.recipe_b}]
        assert len({each.posed.item for each in own}) == items
        first = sum(each.recipe_a == "full" for each in own)
        assert abs(2 * first - items) <= 1


@given(seed=st.integers(0, 2**40), per_cluster=st.integers(1, 4))
def test_both_sides_are_of_one_training_seed_and_so_is_a_cluster(seed, per_cluster):
    pairs = drawn(seed=seed, items=24, per_cluster=per_cluster)
    for each in pairs:
        said = f"{each.posed.item} of {{}} {each.place}"
        assert (each.answer_a, each.answer_b) == (said.format(each.recipe_a), said.format(each.recipe_b))
    places = {
        each.posed.cluster: {other.place for other in pairs if other.posed.cluster == each.posed.cluster}
        for each in pairs
    }
    assert all(len(found) == 1 for found in places.values())
    counts = Counter(each.place for each in pairs)
    assert max(counts.values()) - min(counts.values()) <= 2 * per_cluster


def test_a_number_of_questions_that_there_is_not_is_refused_with_what_there_is():
    for items in (1, 31):
        with pytest.raises(UsageError, match=f"--items {items}: give a number from 2 to 30, the questions of cot"):
            drawn(items=items)
    assert len(draw_pairs(answers(), "full", ["lora"], items=None, seed=0)) == 30
