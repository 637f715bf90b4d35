"""Word augmentation: copies behind the rows, changed within the question alone, answers as they were."""

from collections import Counter

import pytest

from harness.errors import TaskError
from harness.spec.records import Transform
from harness.transforms import ORIGIN
from harness.transforms.words import DeleteWords, SwapWords

ROWS = [
    {
        "prompt": f"Be brief.\nQuestion: which of the many parts number {n} turns the old shaft?\nAnswer:",
        "completion": f" {n}",
    }
    for n in range(20)
]
BOTH = pytest.mark.parametrize("transform", [SwapWords(), DeleteWords()], ids=lambda each: each.name)


def copies(transform, share=0.25, rows=ROWS):
    found = transform.apply(rows, Transform(share=share))
    assert found[: len(rows)] == rows
    return found[len(rows) :]


@BOTH
def test_copies_are_of_their_row_with_other_words_between_the_first_and_the_last(transform):
    found = copies(transform)
    assert len(found) == 5
    for copy in found:
        (of,) = [row for row in ROWS if row["completion"] == copy["completion"]]
        assert copy[ORIGIN].startswith(f"{transform.name}: row {ROWS.index(of) + 1} with 1 ")
        assert copy["prompt"] != of["prompt"]
        assert copy["prompt"].startswith("Be brief.\nQuestion: ")
        assert copy["prompt"].endswith(" shaft?\nAnswer:")


def test_swapped_words_are_the_same_words_and_deleted_ones_are_gone():
    for copy in copies(SwapWords()):
        (of,) = [row for row in ROWS if row["completion"] == copy["completion"]]
        assert Counter(copy["prompt"].split()) == Counter(of["prompt"].split())
    for copy in copies(DeleteWords()):
        (of,) = [row for row in ROWS if row["completion"] == copy["completion"]]
        assert (Counter(of["prompt"].split()) - Counter(copy["prompt"].split())).total() == 1


@BOTH
def test_copies_of_a_smaller_share_are_among_those_of_a_larger_one(transform):
    assert copies(transform, 0.5)[:5] == copies(transform, 0.25)


@BOTH
def test_rows_with_too_few_words_are_passed_over_and_refused_where_too_many_are(transform):
    short = [{"prompt": "1 + 1 =", "completion": " 2"}] * 5
    assert len(copies(transform, 0.2, [*short, *ROWS])) == 5
    with pytest.raises(TaskError, match=rf"{transform.name} is to change 12 of 15 rows, and 10 have a line of 5 words"):
        transform.apply([*short, *ROWS[:10]], Transform(share=0.8))


@BOTH
def test_rows_that_a_template_wrote_are_refused(transform):
    with pytest.raises(TaskError, match="a chat template wrote these rows"):
        transform.apply([{**ROWS[0], "rendered": "messages"}], Transform(share=0.5))
