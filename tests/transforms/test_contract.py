"""What every row transform keeps to; `harness.transforms.RowTransform` has the contract in words."""

import copy
import json

import pytest

from harness.plan.identity import BY_LOSS
from harness.questions.builders.medical_cot import ASKED, ENDED
from harness.spec.records import TRANSFORMS, Transform
from harness.spec.schema import bundled
from harness.transforms import ALL, ORIGIN, cleaned, count_left, origins, synonyms, transformed

ROWS = [
    {
        "prompt": f"{ASKED}seizure; sign {n}; dull pain in the left foot; cough{ENDED}\n"
        f"What does the field f{n} of the big engine do?",
        "completion": f" the shaft of part {n}",
        "form": "ab"[n % 2],
    }
    for n in range(40)
]
PLAIN = {"prompt", "completion", "form"}


@pytest.fixture(autouse=True)
def few_synonyms(monkeypatch):
    monkeypatch.setattr(synonyms, "known", lambda: {"seizure": ["fits", "spells"]})


def losses(rows):
    return [float(len(row["prompt"]) * 7 % 11) for row in rows]


@pytest.fixture(params=ALL, ids=lambda each: each.name)
def transform(request):
    return request.param


def applied(transform, share=0.3, seed=0, rows=ROWS):
    return transform.apply(rows, Transform(share=share, seed=seed), losses)


def test_schema_record_and_order_name_the_same_transforms():
    named = set(bundled("recipe")["$defs"]["transforms"]["properties"]) - {"$comment"}
    assert tuple(each.name for each in ALL) == TRANSFORMS
    assert named == set(TRANSFORMS)


def test_the_same_declaration_gives_the_same_rows(transform):
    assert applied(transform) == applied(transform)
    assert (applied(transform) != applied(transform, seed=1)) is not transform.reads_losses


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
        rows = each.apply(rows, Transform(share=0.5), losses)
    assert cleaned(transformed(ROWS, declared), declared, losses) == rows
    assert len(rows) == count_left(len(transformed(ROWS, declared)), declared)
    assert transformed(ROWS, {}) == ROWS
    assert [each.reads_losses for each in ALL] == sorted(each.reads_losses for each in ALL)


def test_every_row_that_is_not_as_it_came_in_says_what_was_done_to_it(transform):
    texts = {(row["prompt"], row["completion"]) for row in ROWS}
    found = applied(transform)
    for row in found:
        assert ((row["prompt"], row["completion"]) in texts) is (ORIGIN not in row)
        assert ORIGIN not in row or row[ORIGIN].startswith(f"{transform.name}: ")
    assert origins(found) == ({transform.name: count} if (count := sum(ORIGIN in row for row in found)) else {})


def test_what_was_done_before_is_still_said(transform):
    rows = [{**row, ORIGIN: "earlier: something"} for row in ROWS]
    for row in applied(transform, rows=rows):
        assert row[ORIGIN].startswith("earlier: something")


def test_identity_knows_which_transforms_do_not_show_in_the_rows():
    assert {each.name for each in ALL if each.reads_losses} == set(BY_LOSS)
