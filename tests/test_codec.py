"""Records to JSON and back: types decide, and what does not fit is named with its place."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.codec import JSON, DecodeError, decode, encode


@dataclass(frozen=True, slots=True, kw_only=True)
class Inner:
    number: float
    kind: Literal["a", "b"] = "a"

    def __post_init__(self):
        if self.number < 0:
            raise ValueError("a number must not be negative")


@dataclass(frozen=True, slots=True, kw_only=True)
class Outer:
    name: str
    count: int | None = None
    parts: tuple[Inner, ...] = ()
    pair: tuple[int, str] = (0, "")
    counts: tuple[int, ...] = ()
    named: Mapping[str, Inner | None] = field(default_factory=dict)
    either: Inner | str | bool = True
    path: Path = Path()
    foreign: Mapping[str, JSON] = field(default_factory=dict)


inners = st.builds(Inner, number=st.floats(0, 1e9), kind=st.sampled_from(["a", "b"]))
outers = st.builds(
    Outer,
    name=st.text(),
    count=st.none() | st.integers(),
    parts=st.lists(inners, max_size=3).map(tuple),
    pair=st.tuples(st.integers(), st.text()),
    counts=st.lists(st.integers()).map(tuple),
    named=st.dictionaries(st.text(), st.none() | inners, max_size=3),
    either=inners | st.text() | st.booleans(),
    path=st.sampled_from([Path("a/b"), Path("/c")]),
    foreign=st.dictionaries(st.text(), st.recursive(st.none() | st.booleans() | st.text(), st.lists), max_size=3),
)


@given(outers)
def test_what_is_encoded_as_json_is_decoded_as_the_same_record(record):
    assert decode(Outer, json.loads(json.dumps(encode(record)))) == record


def test_a_whole_number_becomes_the_float_that_is_wanted():
    assert repr(decode(Inner, {"number": 1}).number) == "1.0"


@pytest.mark.parametrize(
    ("value", "path", "message"),
    [
        ([], "$", "[] is not an object in { }"),
        ({}, "$", "`name` is missing"),
        ({"name": "x", "nmae": 1}, "$", "unknown key `nmae`"),
        ({"name": None}, "$.name", "None is not a text"),
        ({"name": "x", "count": "3"}, "$.count", "'3' is not a whole number"),
        ({"name": "x", "count": True}, "$.count", "True is not a whole number"),
        ({"name": "x", "count": 1.0}, "$.count", "1.0 is not a whole number"),
        ({"name": "x", "parts": {}}, "$.parts", "{} is not a list"),
        ({"name": "x", "counts": [1, 2, True]}, "$.counts[2]", "True is not a whole number"),
        ({"name": "x", "pair": [1]}, "$.pair", "the list has 1 parts and not 2"),
        ({"name": "x", "parts": [{"number": 1}, {"number": "1"}]}, "$.parts[1].number", "'1' is not a number"),
        ({"name": "x", "parts": [{"number": 1, "kind": "c"}]}, "$.parts[0].kind", "'c' is not one of 'a', 'b'"),
        ({"name": "x", "named": {"k": {"number": -1}}}, "$.named.k", "a number must not be negative"),
        ({"name": "x", "named": [1]}, "$.named", "[1] is not an object in { }"),
        ({"name": "x", "either": None}, "$.either", "None is not true or false"),
    ],
)
def test_what_does_not_fit_is_named_with_its_place(value, path, message):
    with pytest.raises(DecodeError) as caught:
        decode(Outer, value)
    assert (caught.value.path, str(caught.value)) == (path, f"{path}: {message}")


def test_retired_fields_of_a_record_are_ignored_where_they_are_listed():
    value = {"name": "x", "parts": [{"number": 1, "old": 2}]}
    assert decode(Outer, value, retired=frozenset({"Inner.old"})).parts == (Inner(number=1.0),)
    with pytest.raises(DecodeError, match=r"\$\.parts\[0\]: unknown key `old`"):
        decode(Outer, value, retired=frozenset({"Outer.old"}))


def test_an_object_without_a_json_form_is_not_written():
    with pytest.raises(TypeError, match="has no JSON form"):
        encode({"x": object()})
