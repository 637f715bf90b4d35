"""Prompts are read from text and tables, and everything that is wrong with both files is told at once."""

import json

import pytest

from harness.errors import ComparisonError
from harness.inputs.prompts import read_both

TEXTS = [f"prompt number {k}" for k in range(12)]


@pytest.fixture
def lines(tmp_path):
    path = tmp_path / "old.txt"
    path.write_text("\ufeff" + "\n\n".join(TEXTS) + "\n", encoding="utf-8")
    return path


def test_lines_and_columns_are_read_alike(lines, tmp_path):
    rows, table = tmp_path / "new.jsonl", tmp_path / "new.csv"
    rows.write_text("".join(json.dumps({"id": k, "prompt": text}) + "\n" for k, text in enumerate(TEXTS)))
    table.write_text("prompt,day\n" + "".join(f'"{text}",1\n' for text in TEXTS))
    for other in (rows, table):
        old, new = read_both(lines, other)
        assert list(old.texts) == list(new.texts) == TEXTS
        assert len(new.sha256) == 64


def test_a_field_is_named(lines, tmp_path):
    rows = tmp_path / "new.jsonl"
    rows.write_text("".join(json.dumps({"question": text}) + "\n" for text in TEXTS))
    assert list(read_both(lines, rows, "question")[1].texts) == TEXTS
    with pytest.raises(ComparisonError, match=r"no column 'prompt', it has question\. Name the prompts' with --field"):
        read_both(lines, rows)


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("a.txt", b"", "has no prompt; 10 at least"),
        ("a.txt", b"alone\n", "has one prompt; 10 at least"),
        ("a.txt", b"two\nof them\n", "has 2 prompts; 10 at least"),
        ("a.txt", b"\x89PNG\r\n", "is not text in UTF-8 \\(byte 0\\)"),
        ("a.txt", b"ab\0c" * 20, "is not text: byte 2 is 0"),
        ("a.jsonl", b"", "has no prompt; 10 at least"),
        ("a.jsonl", b'{"prompt": "a"}\nnot json\n', "1 lines are not a JSON object each \\(line 2\\)"),
        ("a.jsonl", b'{"prompt": ""}\n{"prompt": 3}\n{"prompt": "a"}\n{}\n', "on line 1, line 2, line 4"),
        ("a.jsonl", b'{"prompt": "\\ud800"}\n', "on line 1"),
        ("a.csv", b"prompt,day\na\n", "1 rows do not have 2 fields"),
    ],
)
def test_what_is_wrong_with_both_files_is_told_at_once(name, content, said, tmp_path):
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(ComparisonError, match=said) as error:
        read_both(tmp_path / "absent.txt", path)
    assert "absent.txt cannot be read (No such file or directory)" in str(error.value)


def test_a_folder_and_a_field_of_no_table_are_refused(lines, tmp_path):
    with pytest.raises(ComparisonError, match="cannot be read") as error:
        read_both(lines, tmp_path, "question")
    assert "--field question: neither file is a table" in str(error.value)
