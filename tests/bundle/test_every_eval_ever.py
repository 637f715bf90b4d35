"""A run's records of Every Eval Ever are read again with the same scores, and keep back what a licence keeps."""

import json

import pytest

from harness.cli import main
from harness.compare.sources import read_tidy
from helpers.runs import scored_run

HIDDEN = "sums_far"


@pytest.fixture
def run(tiny_spec, tmp_path):
    file = tiny_spec.parent / "tasks" / "sums" / f"{HIDDEN}.yaml"
    file.write_text(file.read_text() + "  licence: For study alone\n  redistribute: false\n")
    return scored_run(tmp_path / "run", tiny_spec)


def test_items_come_back_and_those_that_are_kept_back_never_leave(run, tmp_path, capsys):
    out = tmp_path / "out"
    assert main(["export", str(run.folder), "--format", "every-eval-ever", "--out", str(out)]) == 0
    assert f"items of {HIDDEN} are left out, as its licence asks: For study alone" in capsys.readouterr().out
    mine = [each for each in read_tidy(run.folder) if each.suite != HIDDEN]
    places = sorted(path.parent for path in out.rglob("*_samples.jsonl"))
    for place in places:
        (record,) = (json.loads(path.read_text()) for path in place.glob("*.json"))
        details = record["model_info"]["additional_details"]
        seed = int(details["training_seed"]) if "training_seed" in details else None
        suites = {each["evaluation_name"] for each in record["evaluation_results"]}
        assert HIDDEN in suites
        found = {(each.suite, each.metric, each.item[:12], each.score) for each in read_tidy(place)}
        wanted = {
            (each.suite, each.metric, each.item[:12], each.score)
            for each in mine
            if (each.recipe, each.seed) == (details["recipe"], seed)
        }
        assert found
        assert found <= wanted
        lines = record["detailed_evaluation_results"]
        assert (out / lines["file_path"]).is_file()
        assert lines["total_rows"] == len(found)
    assert len(places) == len(run.outcomes)
