"""A study of factors, run: variants are arms of their own, judged beside the recipe that they vary."""

import json
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

import harness
from harness.compare.sources import lm_eval
from harness.testing.tiny_spec import write_tiny_spec
from helpers.watchers import run

SCHEMA = json.loads((Path(__file__).parents[2] / "specs/schema/verdict.schema.json").read_text(encoding="utf-8"))
FACTORS = {
    "of": "lora--tiny",
    "levels": {
        "rank": {"1": {"peft": {"r": 1}}},
        "learning_rate": {"1e-4": {"training": {"learning_rate": 1e-4}}},
    },
}


@pytest.fixture(scope="module")
def studied(tmp_path_factory, tiny_tokenizer_folder):
    folder = tmp_path_factory.mktemp("factors")
    spec = write_tiny_spec(folder, tiny_tokenizer_folder)
    spec.write_text(json.dumps({**json.loads(spec.read_text()), "factors": FACTORS}))
    ledger, _ = run(spec, folder / "runs" / "tiny")
    return ledger, harness.load_run(ledger.folder)


def test_variants_are_judged_beside_their_centre_in_a_family_of_their_own(studied):
    ledger, finished = studied
    trained = {one.cell.recipe for one in ledger.outcomes}
    assert {"lora--tiny-rank-1", "lora--tiny-learning_rate-1e-4"} <= trained
    content = json.loads(json.dumps(finished.verdicts.to_json(), allow_nan=False))
    Draft202012Validator(SCHEMA).validate(content)
    assert [(one["levels"], one["gap"]["reference"], one["gap"]["task"]) for one in content["effects"]] == [
        ({"rank": "1"}, "lora--tiny", "sums"),
        ({"learning_rate": "1e-4"}, "lora--tiny", "sums"),
        ({"rank": "1"}, "lora--tiny", "sums_far"),
        ({"learning_rate": "1e-4"}, "lora--tiny", "sums_far"),
    ]
    assert content["effects_level"] == pytest.approx(1 - 0.05 / 4)
    assert [(one["factor"], one["task"]) for one in content["ratings"]] == [
        ("rank", "sums"),
        ("learning_rate", "sums"),
        ("rank", "sums_far"),
        ("learning_rate", "sums_far"),
    ]


def test_variants_are_no_candidates_unless_they_are_named(studied):
    _, finished = studied
    assert all("-rank-" not in name for name in finished.verdicts.candidates)
    assert finished.verdicts.primary_comparisons == 1


def test_the_report_has_a_table_a_suite_and_the_ratings(studied):
    text = " ".join(harness.report(studied[1]).split())
    assert "Around lora--tiny: sums, acc" in text
    assert "How far the outcome hangs on a factor" in text
    assert "variant" in text


def test_what_several_families_of_comparisons_ask_for_is_read_once(studied, monkeypatch):
    ledger, finished = studied
    before = finished.verdicts.to_json()  # judged when it is first asked for
    read, reading = [], lm_eval.read_items

    def counted(path, metric, *, cluster=None, **how):
        read.append((path, cluster))  # clusters are read of the first model alone, which each family has its own of
        return reading(path, metric, cluster=cluster, **how)

    monkeypatch.setattr(lm_eval, "read_items", counted)
    again = harness.load_run(ledger.folder).verdicts
    assert again.to_json() == before
    assert again.effects
    assert read
    assert len(read) == len(set(read))
