"""One value of a JSON text changes, and no other character does."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.spec.rewrite import rewritten

TEXT = """{
  "name": "mine",
  "seeds": [1,
            2],
  "evaluation": {"batch_size": 8, "limit": null},
  "note": "seeds: \\"x\\" }"
}
"""


def test_a_value_is_replaced_where_it_stands():
    found = rewritten(TEXT, ["seeds"], [1, 2, 3])
    assert found == TEXT.replace("[1,\n            2]", "[1, 2, 3]")
    assert rewritten(TEXT, ["evaluation", "limit"], 50) == TEXT.replace("null", "50")


def test_a_key_that_is_absent_comes_first_and_is_indented_alike():
    found = rewritten(TEXT, ["comparison", "looks"], [])
    assert found == TEXT.replace("{\n", '{\n  "comparison": {"looks": []},\n', 1)
    assert rewritten("{}", ["seeds"], [1]) == '{"seeds": [1]}'


VALUES = st.recursive(
    st.none() | st.integers() | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=8,
)


@given(
    st.dictionaries(st.text(max_size=3), VALUES, max_size=4), st.text(max_size=3), VALUES, st.sampled_from([None, 2])
)
def test_what_is_read_is_what_was_changed(whole, key, value, indent):
    text = json.dumps(whole, indent=indent)
    assert json.loads(rewritten(text, [key], value)) == {**whole, key: value}


@pytest.mark.parametrize("old", ["3", '"text"', "[1]", "{}"])
def test_a_path_goes_through_what_is_there(old):
    found = json.loads(rewritten(f'{{"a": {old}, "b": 1}}', ["a", "c"], 7))
    assert found == {"a": {"c": 7}, "b": 1}
