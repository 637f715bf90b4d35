"""Each mark has its interval over raters and items, and over training seeds where they are a draw from more."""

from dataclasses import replace

import numpy as np
import pytest

from harness.errors import ComparisonError
from harness.ratings.judged import judge_ratings, rated
from harness.ratings.key import Key, KeyPair
from harness.ratings.returned import Rater
from harness.statistics.contrast import contrast
from harness.statistics.moments import moments


def key_of(items=12, seeds=3, *, these_models=False, candidates=("lora",)):
    pairs = [
        KeyPair(
            pair=f"p{n}-{name}",
            a="full" if n % 2 else name,
            b=name if n % 2 else "full",
            item=f"i{n}",
            cluster=None,
            training_seed=n % seeds,
        )
        for name in candidates
        for n in range(items)
    ]
    return Key(
        run="r",
        task="cot",
        reference="full",
        candidates=candidates,
        alpha=0.05,
        seed=0,
        pairs=tuple(pairs),
        these_models=these_models,
    )


def rater(name, key, marks):
    """A rater whose marks of a pair are a reference's and the candidate's, and which of the two is preferred."""
    found = {}
    for number, pair in enumerate(key.pairs):
        given = marks(number)
        sides = ("a", "b") if pair.a == key.reference else ("b", "a")
        own = {f"right_{side}": mark for side, mark in zip(sides, given, strict=True) if mark is not None}
        first = None if None in given else 0.5 if given[0] == given[1] else float(given[0] > given[1])
        if first is not None:
            own["preference"] = first if sides[0] == "a" else 1 - first
        found[pair.pair] = own
    return Rater(name=name, expertise="none", marks=found)


def drawn(key, raters=3, seed=0):
    rng = np.random.default_rng(seed)
    tables = [rng.integers(0, 2, (len(key.pairs), 2)).astype(float) for _ in range(raters)]
    return [rater(f"r{k}", key, lambda n, table=table: tuple(table[n])) for k, table in enumerate(tables)], tables


def gap(judged, mark="right"):
    (found,) = (each for each in judged.gaps if each.mark == mark)
    return found


def test_a_side_is_the_recipe_of_the_key_and_a_preference_is_of_the_side():
    key = key_of()
    judged = judge_ratings(
        key, [rater("r", key, lambda n: (1.0, 0.0)), rater("s", key, lambda n: (1.0, float(n == 0)))]
    )
    assert gap(judged).by_rater == pytest.approx((1.0, 11 / 12))
    assert (gap(judged).reference.mean, gap(judged).rated.mean) == pytest.approx((1.0, 1 / 24))
    assert gap(judged, "preference").reference.mean == pytest.approx(1 - 1 / 48)


def test_of_trained_models_the_interval_is_the_comparators_with_raters_as_seeds():
    key = key_of(these_models=True)
    raters, tables = drawn(key)
    values = np.array([table[:, 0] - table[:, 1] for table in tables])
    judged = judge_ratings(key, raters)
    expected = contrast((moments(values),), (1.0,)).interval(0.05 / 2 / 3)
    assert gap(judged).gap.interval.interval == pytest.approx(tuple(map(float, expected)))
    assert gap(judged).gap.mean == pytest.approx(values.mean())


def test_swapping_reference_and_candidate_mirrors_every_gap():
    key = key_of()
    raters, _ = drawn(key, seed=3)
    mirrored = judge_ratings(replace(key, reference="lora", candidates=("full",)), raters)
    for one, other in zip(judge_ratings(key, raters).gaps, mirrored.gaps, strict=True):
        if one.gap is not None:
            low, high = one.gap.interval.interval
            assert other.gap.interval.interval == pytest.approx((-high, -low))


@pytest.mark.parametrize("shape", [(3, 2), (5, 2), (5, 3), (3, 5)], ids=str)
def test_intervals_hold_for_other_raters_items_and_training_seeds(shape):
    raters, seeds = shape
    rng, items, often = np.random.default_rng(5), 40, 2000
    of = np.arange(items) % seeds
    values = 0.05 * rng.standard_normal((often, raters, 1)) + 0.3 * rng.standard_normal((often, 1, items))
    values += 0.3 * rng.standard_normal((often, 1, seeds))[..., of] + 0.5 * rng.standard_normal((often, raters, items))
    low, high = rated(values, of, few=True).interval(0.025)
    assert np.mean((low <= 0) & (high >= 0)) > 0.935  # three standard errors of the share below 0.95


def test_only_pairs_that_all_raters_marked_count_and_that_is_said():
    key = key_of()
    lazy = rater("lazy", key, lambda n: (1.0, float(n == 1)) if n < 5 else (1.0, None))
    found = gap(judge_ratings(key, [*drawn(key)[0], lazy]))
    assert found.pairs == 5
    assert "7 pairs were marked by some raters only and left out" in found.notes


def test_without_variation_there_is_a_mean_and_no_interval():
    key = key_of()
    found = gap(judge_ratings(key, [rater(name, key, lambda n: (1.0, 0.0)) for name in "ab"]))
    assert (found.gap.mean, found.gap.interval) == (1.0, None)
    assert found.notes == ("the difference is +1 everywhere: there is no variation to make an interval of",)


def test_one_pair_alone_is_refused_with_who_marked_how_many():
    key = key_of()
    one = rater("one", key, lambda n: (1.0, 0.0) if n == 0 else (None, None))
    short = replace(one, marks={name: marks for name, marks in one.marks.items() if marks})
    with pytest.raises(ComparisonError, match=r"pairs with marks: r0 12, r1 12, r2 12, one 1\): an interval takes two"):
        judge_ratings(key, [*drawn(key)[0], short])


def test_one_rater_has_intervals_over_items_and_no_p_value():
    key = key_of(these_models=True)
    found = gap(judge_ratings(key, drawn(key, raters=1)[0])).gap.interval
    assert found.p is None
    assert found.df_items == 11
