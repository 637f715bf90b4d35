"""How much it would take, in words."""

import pytest

from harness.verdict.required_sample import _of_each, span


def test_suites_that_need_as_many_items_are_told_together():
    assert _of_each({"near": "5 to 9", "far": "5 to 9"}) == "5 to 9 items of each suite"
    assert _of_each({"near": "5", "far": "9"}) == "5 items of near and 9 items of far"
    assert _of_each({"near": "5"}) == "5 items of near"


@pytest.mark.parametrize(
    ("ends", "limit", "words"),
    [
        ((5, 5), None, "5"),
        ((9, 5), None, "5 to 9"),
        ((5, None), None, "5 or more"),
        ((None, None), 300, "more than 300"),
        ((None, None), None, "more than any number of"),
    ],
)
def test_a_range_says_what_is_beyond_it(ends, limit, words):
    assert span(ends, limit) == words
