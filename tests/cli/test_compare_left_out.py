"""A suite that cannot be compared never voids what can be said of the others, in text, JSON, gate and exit code."""

import json
from pathlib import Path

import numpy as np
import pytest
from jsonschema import Draft202012Validator

from harness.cli import main
from helpers.logs import arms, line, write

SCHEMA = json.loads((Path(__file__).parents[2] / "specs/schema/verdict.schema.json").read_text(encoding="utf-8"))
TASKS = ("near", "near2", "far", "far2", "facts")
PLACES = ("task", "in_domain", "out_of_domain")


@pytest.fixture
def words(tmp_path):
    """The command over three seeds a side and a base, two in-domain and two out-of-domain suites and a guard."""
    rng = np.random.default_rng(3)
    full, lora = arms(tmp_path, TASKS, rng, gaps=(0.3, 0.3, 0.3, 0.3, 0.0))
    write(tmp_path / "base", "facts", [line(k, float(rng.random() > 0.3), page=f"p{k // 3}") for k in range(60)])
    return [
        *("compare", "--reference", *map(str, full), "--candidate", *map(str, lora), "--base", str(tmp_path / "base")),
        *("--in-domain", "near", "near2", "--out-of-domain", "far", "far2", "--guard", "facts", "--metric", "acc"),
    ]


def spoil(root, task, run="lora/s1"):
    """Let one run lack one item of a task."""
    path = next((root / run).rglob(f"samples_{task}_*"))
    path.write_text("".join(path.read_text().splitlines(keepends=True)[1:]))


@pytest.fixture
def judged(words, capsys):
    def judge(*more):
        code = main([*words, "--json", *more])
        told = capsys.readouterr()
        content = json.loads(told.out)
        Draft202012Validator(SCHEMA).validate(content)
        return code, content, told.err

    return judge


@pytest.mark.parametrize("task", TASKS)
def test_the_others_are_judged_as_before(judged, tmp_path, task):
    code, whole, _ = judged()
    assert (code, whole["not_compared"]) == (0, [])
    spoil(tmp_path, task)
    code, left, told = judged()
    assert code == 64
    assert f"{task} cannot be compared" in told
    (one,) = left["not_compared"]
    assert one["task"] == task
    assert "lacks 1 items" in one["reasons"][0]
    assert left["primary_comparisons"] == whole["primary_comparisons"] == 4
    for kind in ("comparisons", "in_domain", "guards"):
        kept = [each for each in whole[kind] if task not in [each.get(place) for place in PLACES]]
        assert left[kind] == kept


def test_the_text_says_what_is_wrong_first(words, tmp_path, capsys):
    spoil(tmp_path, "far")
    assert main(words) == 64
    out = capsys.readouterr().out
    assert "far: NOT COMPARED (out-of-domain)" in out
    assert out.index("NOT COMPARED") < out.index("near → far2")


def test_without_any_in_domain_suite_forgetting_is_still_reported(words, tmp_path, capsys):
    spoil(tmp_path, "near")
    spoil(tmp_path, "near2")
    assert main(words) == 64
    out = capsys.readouterr().out
    assert "No gap: no in-domain suite can be compared" in out
    assert "Guard: facts" in out


def test_a_gate_over_what_is_left_out_is_inconclusive(judged, tmp_path):
    spoil(tmp_path, "facts")
    assert judged("--gate", "not-worse-in-domain")[0] == 1
    code, _, told = judged("--gate", "no-forgetting")
    assert code == 2
    assert "facts cannot be compared" in told


def test_where_nothing_is_left_there_is_no_report(words, tmp_path, capsys):
    for task in TASKS:
        spoil(tmp_path, task)
    assert main(words) == 64
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err.count("lacks 1 items") == len(TASKS)


def test_a_copied_run_leaves_its_suite_out_unless_it_is_meant(judged, tmp_path):
    for task in TASKS:
        for run in ("full/s0", "full/s1", "full/s2", "lora/s0", "lora/s1", "lora/s2"):
            path = next((tmp_path / run).rglob(f"samples_{task}_*"))
            lines = [json.loads(each) for each in path.read_text().splitlines()]
            of = "full/s0" if (task, run) == ("far", "full/s2") else run
            path.write_text(
                "".join(json.dumps({**each, "resps": [[f"{of} {each['doc_id']}"]]}) + "\n" for each in lines)
            )
    code, content, _ = judged()
    assert code == 64
    (one,) = content["not_compared"]
    assert one["task"] == "far"
    assert "full/s0 and" in one["reasons"][0]
    code, content, _ = judged("--identical-runs", "allow")
    assert (code, content["not_compared"]) == (0, [])
    assert any("asked for" in note for note in content["notes"])


@pytest.mark.parametrize(("how", "code"), [("once", 0), ("refuse", 64)])
def test_repeated_items(judged, tmp_path, how, code):
    path = next((tmp_path / "full/s0").rglob("samples_near_*"))
    path.write_text(path.read_text() + path.read_text().splitlines(keepends=True)[0])
    found, content, _ = judged("--duplicates", how)
    assert found == code
    assert bool(content["not_compared"]) == (how == "refuse")
