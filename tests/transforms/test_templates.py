"""Other wordings: copies that ask the same of the same answer, of every form, and refused where there are too few."""

import pytest

from harness.errors import TaskError
from harness.spec import load
from harness.spec.records import Transform
from harness.suites.load import load_task
from harness.training.rows import training_rows
from harness.transforms import ORIGIN
from harness.transforms.templates import Templates


def rows(count):
    return [
        {"prompt": f"Question: What does the field f{n} of the object Pump do?\nAnswer:", "completion": f" It is {n}."}
        for n in range(count)
    ]


def test_a_copy_asks_of_the_same_and_says_where_it_came_from():
    found = Templates().apply(rows(8), Transform(share=0.25))
    assert found[:8] == rows(8)
    assert len(found) == 10
    for copy in found[8:]:
        (place,) = [n for n in range(8) if rows(8)[n]["completion"] == copy["completion"]]
        assert copy["prompt"] == f"Question: Explain the field f{place} as it stands in the object Pump.\nAnswer:"
        assert copy[ORIGIN] == f"templates: row {place + 1} in other words"


def test_a_smaller_share_is_among_a_larger_one():
    small, large = (Templates().apply(rows(8), Transform(share=share))[8:] for share in (0.25, 0.75))
    assert large[:2] == small


def test_rows_of_no_known_form_are_passed_over_and_refused_where_too_many_are():
    others = [{"prompt": "Who is there?", "completion": " me"}] * 4
    assert len(Templates().apply([*others, *rows(4)], Transform(share=0.5))) == 12
    with pytest.raises(TaskError, match="templates is to reword 6 of 8 rows, and 4 ask in one of the 6 forms"):
        Templates().apply([*others, *rows(4)], Transform(share=0.75))


def test_every_shipped_question_has_another_wording_which_no_suite_uses():
    trained = training_rows(load("gap"), None)
    copies = Templates().apply(trained, Transform(share=1.0))[len(trained) :]
    assert len(copies) == len(trained)
    assert {each["form"] for each in copies} == {each["form"] for each in trained}
    asked = {each["prompt"].split()[1] for each in trained}
    assert not asked & {each["prompt"].split()[1] for each in copies} - {"What", "Which"}
    assert not {each["prompt"] for each in trained} & {each["prompt"] for each in copies}
    reworded = load_task("k8s_reworded")
    used = {reworded.doc_to_text(each).partition("Kubernetes: ")[2].split("\n")[0] for each in reworded.training_docs()}
    assert not used & {each["prompt"].removeprefix("Question: ").split("\n")[0] for each in copies}
    by_completion = {(each["cluster"], each["completion"]) for each in trained}
    assert {(each["cluster"], each["completion"]) for each in copies} <= by_completion
