"""A placebo's rows: the same prompts, and the same answers dealt to other rows of their form."""

from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.errors import TaskError
from harness.training.control import controlled


def rows_of(forms, answers=None):
    answers = answers or [f"a{n}" for n in range(len(forms))]
    return [
        {"prompt": f"p{n}", "completion": answer, "form": form, "cluster": f"c{n}"}
        for n, (form, answer) in enumerate(zip(forms, answers, strict=True))
    ]


@settings(deadline=None, max_examples=50)
@given(st.lists(st.sampled_from("abc"), min_size=1, max_size=40))
def test_no_row_keeps_its_answer_and_each_form_keeps_its_answers(forms):
    rows = rows_of([*forms, *forms])
    dealt = controlled(rows, "permuted_answers")
    assert not any(own["completion"] == new["completion"] for own, new in zip(rows, dealt, strict=True))
    for form in set(forms):
        before, after = (Counter(row["completion"] for row in each if row["form"] == form) for each in (rows, dealt))
        assert before == after
    beside = [{**row, "completion": ""} for row in rows]
    assert beside == [{**row, "completion": ""} for row in dealt]
    assert dealt == controlled(rows, "permuted_answers")


def test_answers_are_independent_of_their_questions():
    rows = rows_of(["a"] * 2000, ["yes", "no"] * 1000)
    dealt = controlled(rows, "permuted_answers")
    kept = sum(own["completion"] == new["completion"] for own, new in zip(rows, dealt, strict=True))
    assert 890 < kept < 1110


def test_without_a_control_the_rows_are_as_they_are():
    rows = [{"prompt": "p", "completion": "c"}]
    assert controlled(rows, None) == rows


def test_rows_without_a_form_are_refused_with_their_number():
    rows = [*rows_of(["a", "a"]), {"prompt": "p", "completion": "c"}]
    with pytest.raises(TaskError, match=r"1 of 3 training rows have no `form`.*the same text in all"):
        controlled(rows, "permuted_answers")


def test_forms_of_a_single_row_are_refused_by_name():
    with pytest.raises(TaskError, match="that one row alone has: 'b', 'c'"):
        controlled(rows_of(["a", "b", "a", "c"]), "permuted_answers")
