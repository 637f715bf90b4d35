"""Records of Every Eval Ever are read line by line, with the metric and the direction of the aggregate record."""

import json

import pytest

from harness.cli import main
from harness.compare.design import ScoredRun
from harness.compare.sources import read_scored_suite, read_tidy
from harness.errors import ComparisonError


def instance(k, score, **fields):
    return {
        "schema_version": "0.3.0",
        "evaluation_id": "near/org/model/1",
        "model_id": "org/model",
        "evaluation_name": "near",
        "evaluation_result_id": "near-loss",
        "sample_id": f"item {k}",
        "interaction_type": "single_turn",
        "input": {"raw": "?", "reference": ["a"]},
        "output": {"raw": ["a"]},
        "answer_attribution": [],
        "evaluation": {"score": score, "is_correct": score < 1},
        "metadata": {"cluster": f"page {k // 2}"},
        **fields,
    }


def aggregate(**fields):
    result = {
        "evaluation_result_id": "near-loss",
        "evaluation_name": "near",
        "metric_config": {"metric_id": "loss", "lower_is_better": True},
        "score_details": {"score": 1.0},
    }
    return {"schema_version": "0.3.0", "evaluation_id": "near/org/model/1", "evaluation_results": [result], **fields}


def write(folder, lines, record=None):
    folder.mkdir(parents=True, exist_ok=True)
    if record is not None:
        (folder / "0f.json").write_text(json.dumps(record), encoding="utf-8")
    file = folder / "0f_samples.jsonl"
    file.write_text("".join(json.dumps(each) + "\n" for each in lines), encoding="utf-8")
    return file


def test_lines_are_scores_of_the_metric_that_the_aggregate_record_names(tmp_path):
    file = write(tmp_path / "full", [instance(k, k / 4) for k in range(4)], aggregate())
    for path in (tmp_path / "full", file):
        found = list(read_tidy(path))
        assert [(each.item, each.score, each.cluster) for each in found[:2]] == [
            ("item 0", 0.0, "page 0"),
            ("item 1", 0.25, "page 0"),
        ]
        assert {(each.model, each.suite, each.metric) for each in found} == {("org/model", "near", "loss")}
    suite = read_scored_suite(ScoredRun(folder=tmp_path / "full"), "near", "loss", cluster="cluster", newest=True)
    assert suite.file.higher_is_better is False
    assert len(suite.items) == 4


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ({"evaluation": {"score": "good"}}, r"\$\.evaluation\.score"),
        ({"sample_id": 3}, r"\$\.sample_id"),
        ({"evaluation": {"score": float("nan")}}, "not a finite number"),
        ({"evaluation": {"score": 10**400}}, "not a finite number"),
        ({"error": "timeout"}, "was not scored: timeout"),
    ],
)
def test_what_is_wrong_is_named_with_its_line(line, told, tmp_path):
    file = write(tmp_path, [instance(0, 0.5), instance(1, 0.5, **line)])
    with pytest.raises(ComparisonError, match=rf"{file.name}:2: .*{told}|{file.name}:2: {told}"):
        list(read_tidy(tmp_path))


def test_a_line_that_was_cut_off_is_named(tmp_path):
    file = write(tmp_path, [instance(0, 0.5)])
    file.write_text(file.read_text() + '{"schema_version": "0.3', encoding="utf-8")
    with pytest.raises(ComparisonError, match=rf"{file.name}:2 is not JSON"):
        list(read_tidy(tmp_path))


def test_foreign_folders_are_compared_and_have_a_page(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    for arm, gain in (("full", 0.0), ("lora", 0.5)):
        for seed in range(3):
            scores = [(k * 7 + seed * 3) % 10 / 10 + gain for k in range(60)]
            write(tmp_path / arm / f"s{seed}", [instance(k, each) for k, each in enumerate(scores)], aggregate())
    arms = [[f"{arm}/s{seed}" for seed in range(3)] for arm in ("full", "lora")]
    words = ["--reference", *arms[0], "--candidate", *arms[1], "--in-domain", "near", "--metric", "loss"]
    assert main(["compare", *words, "--sesoi", "0.1", "--html", "page.html"]) == 0
    assert "near" in capsys.readouterr().out
    assert "near" in (tmp_path / "page.html").read_text(encoding="utf-8")
