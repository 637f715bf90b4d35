"""Positions: the walk over the text agrees with the decoder about every value, however the text is laid out."""

import json

from hypothesis import given
from hypothesis import strategies as st

from harness.spec.document import Located, Place, at, json_path, merged, parse

KEYS = st.text(max_size=5)
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**20), 10**20)
    | st.floats(allow_nan=False, allow_infinity=False)
    | KEYS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=20,
)


def paths(value, path=()):
    yield path
    if isinstance(value, (dict, list)):
        for step, part in value.items() if isinstance(value, dict) else enumerate(value):
            yield from paths(part, (*path, step))


@given(value=VALUES, indent=st.none() | st.integers(0, 3), ascii_only=st.booleans())
def test_every_value_has_a_line_and_nothing_else_has(value, indent, ascii_only):
    document = parse(json.dumps(value, indent=indent, ensure_ascii=ascii_only), "f")
    assert document.value == value
    assert set(document.places) == set(paths(value))


@given(value=st.dictionaries(KEYS, VALUES, max_size=4) | st.lists(VALUES, max_size=4))
def test_lines_follow_the_order_of_the_text(value):
    document = parse(json.dumps(value, indent=1), "f")
    lines = [document.places[path].line for path in paths(value)]
    assert lines == sorted(lines)
    assert lines[0] == 1


def test_a_member_stands_where_its_key_does():
    document = parse('{\n "a":\n  [\n   1,\n   {"b": 2}\n  ]\n}', "f")
    lines = {json_path(path): place.line for path, place in document.places.items()}
    assert lines == {"$": 1, "$.a": 2, "$.a[0]": 4, "$.a[1]": 5, "$.a[1].b": 5}


@given(parent=st.dictionaries(KEYS, VALUES, max_size=4), child=st.dictionaries(KEYS, VALUES, max_size=4))
def test_after_merging_every_value_says_which_file_said_it(parent, child):
    both = merged(parse(json.dumps(parent), "parent"), parse(json.dumps(child), "child"))
    assert set(both.places) == set(paths(both.value))
    for path in paths(child):
        if path and path[0] in child:
            assert both.place(path).file == "child"
    for key in parent.keys() - child.keys():
        assert both.value[key] == parent[key]
        assert both.place((key,)).file == "parent"


def document(value, file):
    return Located(value, {path: Place(file, 1) for path in paths(value)})


def test_objects_merge_lists_and_values_replace():
    parent = document({"training": {"a": 1, "b": 2}, "seeds": [1, 2, 3], "x": {"y": 1}}, "parent")
    both = merged(parent, document({"training": {"b": 3}, "seeds": [9], "x": None}, "child"))
    assert both.value == {"training": {"a": 1, "b": 3}, "seeds": [9], "x": None}
    assert both.place(("training", "a")).file == "parent"
    assert both.place(("seeds", 0)).file == "child"
    assert ("seeds", 1) not in both.places


def test_an_object_that_says_what_it_is_inherits_nothing():
    parent = document({"model": {"source": "pypi", "member": "m"}, "layers": {"strategy": "last", "count": 1}}, "p")
    both = merged(parent, document({"model": {"source": "hub", "id": "i"}, "layers": {"strategy": "all"}}, "c"))
    assert both.value == {"model": {"source": "hub", "id": "i"}, "layers": {"strategy": "all"}}
    assert at(both.value, ("model", "id")) == "i"


def test_merging_changes_neither_side():
    parent, child = document({"a": {"b": 1}}, "parent"), document({"a": {"c": 2}}, "child")
    merged(parent, child)
    assert parent.value == {"a": {"b": 1}}
    assert child.value == {"a": {"c": 2}}
