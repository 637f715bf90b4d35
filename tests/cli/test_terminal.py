"""Foreign text that is printed cannot steer the terminal, and what is printed can always be encoded."""

import io
import json
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.cli import main
from harness.cli.terminal import cleaned, uncleaned
from harness.text import visible

STEERING = "\x1b]0;owned\x07\x1b[2J\r\x9b31mgood\u202edoog"


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_titles_and_licences_of_a_task_show_what_they_are(here, capsys):
    (here / "tasks").mkdir()
    metadata = dict.fromkeys(("title", "licence", "release", "citation", "role"), STEERING)
    (here / "tasks" / "mine.yaml").write_text(json.dumps({"task": "mine", "metadata": metadata}))
    assert main(["tasks"]) == 0
    out = capsys.readouterr().out
    assert "\\u001b]0;owned" in out
    assert not set("\x1b\x07\r\x9b\u202e") & set(out)


def test_json_says_the_same_whether_it_is_cleaned_or_not(here, capsys):
    (here / "tasks").mkdir()
    (here / "tasks" / "mine.yaml").write_text(json.dumps({"task": "mine", "metadata": {"title": STEERING}}))
    assert main(["tasks", "--json"]) == 0
    out = capsys.readouterr().out
    (mine,) = [row for row in json.loads(out) if row["task"] == "mine"]
    assert mine["description"] == STEERING
    assert "\u202e" not in out


def test_errors_show_what_was_given(here, capsys):
    (here / "a.json").write_text(json.dumps({"extends": "gap", STEERING: 1, "description": STEERING}))
    assert main(["validate", "a.json", STEERING]) == 64
    assert main(["compare", "--reference", STEERING, "--candidate", STEERING, "--in-domain", STEERING]) == 64
    printed = "".join(capsys.readouterr())
    assert "owned" in printed
    assert not set("\x1b\x07\r\x9b\u202e") & set(printed)


@given(st.text())
def test_nothing_that_is_printed_steers_or_fails_to_encode(text):
    written = io.TextIOWrapper(io.BytesIO(), encoding="ascii", newline="")
    before, sys.stdout = sys.stdout, written
    try:
        with cleaned():
            sys.stdout.write("> " + text)
            assert uncleaned(sys.stdout) is written
    finally:
        sys.stdout = before
    written.flush()
    shown = written.buffer.getvalue().decode("ascii")
    assert not [each for each in shown if ord(each) < 32 and each not in "\n\t"]


@given(st.text())
def test_a_text_that_is_shown_within_json_reads_back(text):
    assert json.loads(visible(json.dumps(text, ensure_ascii=False))) == text
