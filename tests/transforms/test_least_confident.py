"""Cleaning by loss: the rows that cost the base most are gone, the others stay in their order."""

import pytest

from harness.errors import TaskError
from harness.spec.records import Transform
from harness.transforms.least_confident import LeastConfident

ROWS = [{"prompt": str(n), "completion": ""} for n in range(10)]
COSTS = [1.0, 9.0, 2.0, 8.0, 3.0, 7.0, 4.0, 6.0, 5.0, 5.0]


def left(share, costs=COSTS):
    rows = LeastConfident().apply(ROWS, Transform(share=share), lambda rows: costs[: len(rows)])
    return [int(row["prompt"]) for row in rows]


def test_those_that_cost_most_are_dropped_and_the_others_keep_their_order():
    assert left(0.3) == [0, 2, 4, 6, 7, 8, 9]


def test_of_rows_that_cost_as_much_the_later_are_dropped():
    assert left(0.5, [1.0] * 10) == [0, 1, 2, 3, 4]


def test_a_share_that_leaves_nothing_is_refused():
    with pytest.raises(TaskError, match="drops all 10 rows"):
        left(0.96)


def test_without_losses_it_cannot_be_asked():
    with pytest.raises(ValueError, match="takes their losses"):
        LeastConfident().apply(ROWS, Transform(share=0.1))
