"""What every row transform keeps to; `harness.transforms.RowTransform` has the contract in words."""

import copy
import json

import pytest

from harness.spec.records import TRANSFORMS, Transform
from harness.spec.schema import bundled
from harness.transforms import ALL, transformed

ROWS = [
    {"prompt": f"What moves part {n} of the engine?", "completion": f" the shaft of part {n}", "form": "ab"[n % 2]}
    for n in range(40)
]
PLAIN = {"prompt", "completion", "form"}


@pytest.fixture(params=ALL, ids=lambda each: each.name)
def transform(request):
    return request.param


def applied(transform, share=0.3, seed=0, rows=ROWS):
    return transform.apply(rows, Transform(share=share, seed=seed))


def test_schema_record_and_order_name_the_same_transforms():
    named = set(bundled("recipe")["$defs"]["transforms"]["properties"]) - {"$comment"}
    assert tuple(each.name for each in ALL) == TRANSFORMS
    assert named == set(TRANSFORMS)


def test_the_same_declaration_gives_the_same_rows(transform):
    assert applied(transform) == applied(transform)
    assert applied(transform) != applied(transform, seed=1)


def test_rows_that_are_given_stay_as_they_are(transform):
    rows = copy.deepcopy(ROWS)
    applied(transform, rows=rows)
    assert rows == ROWS


def test_the_share_decides(transform):
    assert applied(transform, share=0.3) != applied(transform, share=0.6)


def test_a_row_has_texts_and_its_labels(transform):
    for row in applied(transform):
        assert set(row) >= PLAIN
        assert all(isinstance(value, str) for value in row.values())
        json.dumps(row)


def test_transforms_are_applied_in_their_order_to_what_the_one_before_left():
    declared = {each.name: Transform(share=0.5) for each in reversed(ALL)}
    rows = ROWS
    for each in ALL:
        rows = each.apply(rows, Transform(share=0.5))
    assert transformed(ROWS, declared) == rows
    assert transformed(ROWS, {}) == ROWS
