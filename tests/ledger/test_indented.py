"""Files of JSON are written faster than the standard library does, and have the bytes that it writes."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.ledger.indented import indented

scalars = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text()
values = st.recursive(
    scalars,
    lambda parts: (
        st.lists(parts)
        | st.lists(parts).map(tuple)
        | st.dictionaries(st.text(), parts)
        | st.dictionaries(st.integers(), parts)
    ),
)


@given(values, st.booleans())
@settings(deadline=None)
def test_the_text_is_the_one_of_the_standard_library(value, sort_keys):
    usual = json.dumps(value, indent=2, sort_keys=sort_keys, allow_nan=False, ensure_ascii=False)
    assert indented(value, sort_keys=sort_keys) == usual


@pytest.mark.parametrize("place", [lambda x: x, lambda x: [x], lambda x: {"a": x}, lambda x: [[], x]])
@pytest.mark.parametrize(("value", "error"), [(float("nan"), ValueError), (float("inf"), ValueError), ({1}, TypeError)])
def test_what_is_no_json_is_refused_wherever_it_stands(value, error, place):
    with pytest.raises(error):
        indented(place(value))
