"""``harness compare`` from the command line: foreign logs, JSON, gate and usage errors."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from jsonschema import Draft202012Validator

from harness.cli import main
from helpers.logs import arms

SCHEMA = json.loads((Path(__file__).parents[2] / "specs/schema/verdict.schema.json").read_text(encoding="utf-8"))


@pytest.fixture
def logs(tmp_path):
    """Three seeds of two tasks; the candidate is 40 points worse on `near` and as good on `far`."""
    return arms(tmp_path, ("near", "far"), np.random.default_rng(3), items=400, gaps=(0.4, 0.4))


def words(logs, *more):
    full, lora = logs
    return [
        "compare",
        "--reference",
        *map(str, full),
        "--candidate",
        *map(str, lora),
        "--in-domain",
        "near",
        "--out-of-domain",
        "far",
        "--metric",
        "acc",
        *more,
    ]


def test_six_foreign_folders_give_a_verdict_with_one_command(logs, capsys):
    assert main(words(logs)) == 0
    out = capsys.readouterr().out
    assert "PERSISTS" in out
    assert "positive: reference is better" in out


def test_json_follows_the_published_schema_and_holds_the_promised_fields(logs, capsys):
    assert main(words(logs, "--json")) == 0
    content = json.loads(capsys.readouterr().out)
    Draft202012Validator(SCHEMA).validate(content)
    (entry,) = content["comparisons"]
    assert entry["verdict"] == "persists"
    for name in ("gap_in", "gap_out", "delta", "retention"):
        assert {"estimate", "interval", "se", "w", "df", "p"} <= set(entry[name])
    assert entry["ratio"]["bounded"] is True
    assert entry["gap_in"]["estimate"] > 0


def test_the_same_logs_give_the_same_bytes(logs, capsys):
    main(words(logs, "--json"))
    first = capsys.readouterr().out
    main(words(logs, "--json"))
    assert capsys.readouterr().out == first


def test_the_estimate_is_the_mean_difference_of_the_files(logs, capsys):
    main(words(logs, "--json"))
    entry = json.loads(capsys.readouterr().out)["comparisons"][0]
    means = [np.mean([json.loads(each)["acc"] for folder in arm for each in _samples(folder, "near")]) for arm in logs]
    assert entry["gap_in"]["estimate"] == pytest.approx(means[0] - means[1], abs=1e-12)


def _samples(folder, task):
    return next(folder.rglob(f"samples_{task}_*")).read_text().splitlines()


@pytest.mark.parametrize(("swap", "code", "word"), [(False, 1, "rejected"), (True, 0, "passed")])
def test_the_gate_exits_by_its_ruling(logs, capsys, swap, code, word):
    pair = logs[::-1] if swap else logs
    assert main(words(pair, "--gate")) == code
    assert f"gate {word}" in capsys.readouterr().out.splitlines()[-1]


def test_a_gate_with_too_little_data_is_inconclusive(logs):
    few = tuple(folders[:1] for folders in logs)
    assert main(words(few, "--gate")) == 2


def test_a_gate_without_guards_cannot_rule_on_forgetting(logs, capsys):
    assert main(words(logs, "--gate", "no-forgetting")) == 64
    assert "no suite to rule on" in capsys.readouterr().err


def test_an_unknown_gate_rule_is_refused(logs, capsys):
    assert main(words(logs, "--gate", "better")) == 64
    assert "not-worse-in-domain" in capsys.readouterr().err


def test_clusters_are_named_on_the_command_line(logs, capsys):
    main(words(logs, "--json", "--cluster", "page"))
    assert json.loads(capsys.readouterr().out)["comparisons"][0]["units_in"] == 134


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (["compare"], "give a run folder"),
        (["compare", "somewhere", "--metric", "acc"], "declares its own comparison"),
        (["compare", "nowhere"], "there is no folder nowhere"),
    ],
)
def test_usage_errors_say_what_to_give(given, message, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert main(given) != 0
    assert message in capsys.readouterr().err


def test_an_unequal_number_of_seeds_is_refused(logs, capsys):
    assert main(words((logs[0], logs[1][:2]))) == 64
    assert "same order of seeds" in capsys.readouterr().err


def test_pooling_is_refused_with_the_reason(logs, capsys):
    assert main(words(logs, "--pool-seed-variance")) == 64
    assert "errs too often" in capsys.readouterr().err


def test_an_untuned_model_shows_what_the_reference_gained(logs, capsys):
    assert main(words(logs, "--json", "--base", str(logs[1][0]), "--identical-runs", "allow")) == 0
    (with_base,) = json.loads(capsys.readouterr().out)["comparisons"]
    assert with_base["gain_in"] is not None
    assert main(words(logs, "--json", "--base", str(logs[1][0]), "--identical-runs", "allow", "--no-require-gain")) == 0
    without = json.loads(capsys.readouterr().out)
    assert "learned" not in {each["name"] for each in without["comparisons"][0]["conditions"]}
    assert any("require_gain is false" in note for note in without["notes"])


def test_an_untuned_model_that_was_not_scored_in_domain_leaves_the_gain_open(logs, tmp_path, capsys):
    base = tmp_path / "base"
    shutil.copytree(logs[1][0], base)
    for path in base.rglob("samples_near_*"):
        path.unlink()
    assert main(words(logs, "--json", "--base", str(base), "--identical-runs", "allow")) == 0
    content = json.loads(capsys.readouterr().out)
    assert content["comparisons"][0]["gain_in"] is None
    assert any("no scores of the untuned model on near" in note for note in content["notes"])


def test_a_metric_without_a_usual_scale_needs_a_margin(logs, capsys):
    given = words(logs)
    given[given.index("acc")] = "zeal"
    assert main(given) == 64
    assert "--sesoi" in capsys.readouterr().err


def test_a_guard_needs_the_base_model(logs, capsys):
    assert main(words(logs, "--guard", "far")) == 64
    assert "--base" in capsys.readouterr().err
