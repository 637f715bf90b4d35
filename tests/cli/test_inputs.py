"""``harness compare --inputs`` from end to end, and what does not go with it."""

import json

import pytest

from harness.cli import main


@pytest.fixture
def files(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "old.txt").write_text("how does a pod restart\n" * 12)
    (tmp_path / "new.jsonl").write_text('{"q": "what is the tax on a bond"}\n' * 12)
    return ["compare", "--inputs", "old.txt", "new.jsonl", "--field", "q"]


def test_a_shift_is_told_in_words_and_as_json(files, capsys):
    assert main(files) == 0
    said = " ".join(capsys.readouterr().out.split())
    assert "Look again: 12 new prompts (new.jsonl) beside 12 old ones (old.txt) differ in" in said
    assert main([*files, "--json", "--seed", "3", "--alpha", "0.1"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["look_again"]
    assert (found["seed"], found["alpha"]) == (3, 0.1)
    assert {each["name"] for each in found["measures"]} == {"length", "unigrams", "bigrams"}
    assert set(found["measures"][0]["shift"]) >= {"estimate", "low", "high", "noise", "p"}


def test_what_is_wrong_is_told_in_a_line_each(files, capsys):
    assert main(["compare", "--inputs", "absent.txt", "new.jsonl"]) == 64
    said = capsys.readouterr().err
    assert "absent.txt cannot be read" in said
    assert "new.jsonl has no column 'prompt', it has q" in said
    assert main([*files, "runs/gap", "--reference", "full", "--gate", "--details"]) == 64
    assert "leave out runs/gap, --reference, --gate, --details" in capsys.readouterr().err.replace("\n", " ")
    assert main(["compare", "--model", "quick", "--seed", "1"]) == 64
    assert "--model, --seed: for --inputs OLD NEW alone" in capsys.readouterr().err
    assert main([*files, "--model", "nowhere"]) == 64
    assert "nowhere" in capsys.readouterr().err
