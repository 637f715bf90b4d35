"""Attempts are counted by a file that may be missing or damaged: then it is as if the cell had never been started."""

import pytest

from harness.execution.standing import UNIT, attempts


@pytest.mark.parametrize("text", ["", "null", "[]", "{}", '{"attempt": "2"}', "[" * 100_000, '{"a":' * 100_000, "\0"])
def test_a_damaged_unit_counts_as_none(tmp_path, text):
    assert attempts(tmp_path) == 0
    (tmp_path / UNIT).write_text(text)
    assert attempts(tmp_path) == 0


def test_a_whole_one_is_read(tmp_path):
    (tmp_path / UNIT).write_text('{"attempt": 2}')
    assert attempts(tmp_path) == 2
