import json

import pytest

from harness.questions.items import Item, Prose, line
from helpers.items import item


@pytest.mark.parametrize("choices", [("a", "A", "b"), ("a", "a")])
def test_options_that_do_not_differ_are_refused(choices):
    with pytest.raises(ValueError, match="options must differ"):
        item(choices=choices)


def test_a_posed_question_holds_its_answer_in_an_order_of_its_own():
    given = {"form": "f", "cluster": "c", "question": "Which one?", "right": "one", "source": "fact"}
    posed = [Item.posed(f"i{n}", wrong=["two", "three", "four"], **given) for n in range(40)]
    assert {each.right for each in posed} == {"one"}
    assert {each.answer for each in posed} == {0, 1, 2, 3}
    assert posed[0] == Item.posed("i0", wrong=["four", "three", "two"], **given)


def test_a_line_is_the_document_with_sorted_keys():
    for each in (item(extra={"rationale": "so"}), Prose(id="p", cluster="p", text="é")):
        assert json.loads(line(each)) == each.document()
        assert list(json.loads(line(each))) == sorted(each.document())
    assert "é" in line(Prose(id="p", cluster="p", text="é"))
