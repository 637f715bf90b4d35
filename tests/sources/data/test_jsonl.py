"""Rows from a file: every wrong line is named, and only ends of lines end a row."""

import json

import pytest

from harness.errors import TaskError
from harness.sources.data import DataContext, read_rows
from harness.spec.records import Data


@pytest.fixture
def rows_of(tmp_path):
    def read(lines):
        path = tmp_path / "rows.jsonl"
        path.write_text("\n".join(line if isinstance(line, str) else json.dumps(line) for line in lines))
        return read_rows(Data(source="jsonl", path=str(path)), DataContext(beside=tmp_path))

    return read


def test_every_wrong_line_of_a_file_is_named(rows_of):
    lines = [{"prompt": "p", "completion": "c"}, "{broken", {"prompt": "p"}, {"prompt": 1, "completion": "c"}]
    with pytest.raises(TaskError) as refused:
        rows_of(lines)
    (message,) = str(refused.value).splitlines()
    assert "3 of 4 rows cannot be trained on (columns seen: completion, prompt)" in message
    assert [f"line {number}: " in message for number in (1, 2, 3, 4)] == [False, True, True, True]


def test_a_character_that_ends_lines_elsewhere_ends_no_row(rows_of):
    (row,) = rows_of(['{"prompt": "a\u2028b", "completion": " 1"}'])
    assert row["prompt"] == "a\u2028b"


def test_an_empty_file_is_refused(rows_of):
    with pytest.raises(TaskError, match="no training rows"):
        rows_of([])


def test_what_a_row_is_like_comes_with_it_and_other_columns_do_not(rows_of):
    given = {"prompt": "p", "completion": "c", "form": "name", "cluster": 7, "subject": None, "note": "n"}
    assert rows_of([given]) == [{"prompt": "p", "completion": "c", "form": "name", "cluster": "7"}]
