"""Label noise: as many rows as declared, each with a wrong answer of its form, nested in row and answer."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.errors import TaskError
from harness.spec.records import Transform
from harness.transforms import ORIGIN
from harness.transforms.noise import Noise


def rows_of(forms, answers=None):
    answers = answers or [f" a{n}" for n in range(len(forms))]
    return [
        {"prompt": f"p{n}", "completion": answer, "form": form}
        for n, (form, answer) in enumerate(zip(forms, answers, strict=True))
    ]


def noised(rows, share, seed=0):
    return Noise().apply(rows, Transform(share=share, seed=seed))


@given(st.lists(st.sampled_from("abc"), min_size=1, max_size=30), st.floats(0.01, 1), st.floats(0.01, 1))
def test_wrong_answers_are_of_the_form_and_those_of_a_smaller_share_are_among_a_larger_ones(forms, one, other):
    rows = rows_of([*forms, *forms])
    smaller, larger = (noised(rows, share) for share in sorted((one, other)))
    for row, less, more in zip(rows, smaller, larger, strict=True):
        if ORIGIN in less:
            assert more == less
            assert less["completion"] != row["completion"]
            (taken,) = [each for each in rows if each["completion"] == less["completion"]]
            assert taken["form"] == row["form"]
            assert less[ORIGIN] == f"noise: the answer of row {rows.index(taken) + 1}"
        else:
            assert less == row
    assert sum(ORIGIN in row for row in smaller) == max(1, round(len(rows) * min(one, other)))


def test_an_answer_that_most_rows_have_is_never_the_wrong_one_for_them():
    rows = rows_of(["a"] * 100, [" yes"] * 95 + [" no"] * 5)
    assert [row["completion"] for row in noised(rows, 1)] == [" no"] * 95 + [" yes"] * 5


def test_rows_without_a_form_are_refused_with_their_number():
    with pytest.raises(TaskError, match="1 of 3 training rows have no `form`"):
        noised([*rows_of(["a", "a"]), {"prompt": "p", "completion": "c"}], 0.1)


def test_forms_with_a_single_answer_are_refused_by_name():
    with pytest.raises(TaskError, match=r"single one: 'b'\. Add rows"):
        noised(rows_of(["a", "a", "b", "b"], ["1", "2", "3", "3"]), 0.1)
