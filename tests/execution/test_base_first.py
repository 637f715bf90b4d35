"""The untuned model's scores are judged as soon as they are there: nothing trains that could not be compared."""

import json

import pytest

from harness.errors import ComparisonError
from harness.execution.run import Options, execute
from harness.ledger import RunFolder
from harness.records import CellResult
from harness.spec import load
from helpers.watchers import Silent, run

SCORES = """def scored(doc, results):
    # What only a real model's answers show, and stand-ins do not.
    lowest = min(likelihood for likelihood, _ in results)
    return {"acc": float("1") if lowest == -3.0 else [lowest]}


def shortest(items):
    return float(len(items))
"""


def changed(spec_file, **suite):
    spec = json.loads(spec_file.read_text())
    spec["suites"][1] |= suite
    spec_file.write_text(json.dumps(spec))
    return spec_file


def refused(spec_file, folder):
    watcher = Silent()
    with pytest.raises(ComparisonError) as caught:
        execute(load(spec_file), folder, watcher, Options())
    return str(caught.value), watcher


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "runs" / "tiny"


def trained(folder):
    return [path.name for path in (folder / "cells").iterdir() if not path.name.startswith("base")]


def test_a_cluster_field_that_documents_lack_stops_the_run_before_it_trains(tiny_spec, folder):
    message, watcher = refused(changed(tiny_spec, cluster="page"), folder)
    assert "20 of 20 documents have no field 'page' to cluster by" in message
    assert "sums_far could not be compared afterwards, so that nothing is trained" in message
    assert [cell.partition("--")[0] for cell in watcher.cells] == ["base"]
    assert trained(folder) == []


def test_the_same_command_stops_there_again_and_goes_on_once_it_is_mended(tiny_spec, folder):
    refused(changed(tiny_spec, cluster="page"), folder)
    _, watcher = refused(tiny_spec, folder)
    assert watcher.cells == []
    ledger, watcher = run(changed(tiny_spec, cluster="cluster"), folder)
    assert [type(each) for each in ledger.outcomes] == [CellResult] * 5
    assert not any(cell.startswith("base") for cell in watcher.cells)


def test_a_score_that_is_no_number_shows_in_the_bases_samples(tiny_spec, folder):
    tasks = tiny_spec.parent / "tasks" / "sums"
    (tasks / "scores.py").write_text(SCORES)
    text = (tasks / "sums_far.yaml").read_text()
    listed = text.replace("aggregation: mean", "aggregation: !function scores.shortest")
    (tasks / "sums_far.yaml").write_text(f"{listed}process_results: !function scores.scored\n")
    message, _ = refused(tiny_spec, folder)
    assert "not a finite number an item" in message
    assert trained(folder) == []


def test_what_is_searched_with_trials_is_found_before_the_first_of_them(tiny_spec, folder):
    spec = json.loads(changed(tiny_spec, cluster="page").read_text())
    spec["training"]["learning_rate"] = 0.001
    spec["validation"] = {"share": 0.25}
    spec["tune"] = {"search": {"learning_rate": {"factors": [1, 10]}}, "seed": 7, "max_steps": 1}
    tiny_spec.write_text(json.dumps(spec))
    _, watcher = refused(tiny_spec, folder)
    assert watcher.kinds == [("cells", 1, 0), ("trials", 4, 0)]
    assert len(watcher.cells) == 1
    assert not RunFolder(folder).folder.joinpath("trials").exists()


def test_a_base_of_a_run_whose_in_domain_suite_is_a_guard_here_is_taken_over_and_scored_on(tiny_spec, tmp_path):
    spec = json.loads(tiny_spec.read_text())
    spec["seeds"] = [1]
    near, far = spec["suites"]
    first = tiny_spec.with_name("first.json")
    first.write_text(json.dumps({**spec, "name": "first", "suites": [near]}))
    run(first, tmp_path / "runs" / "first")
    turned = [{**near, "role": "guard"}, {**far, "role": "in_domain"}]
    tiny_spec.write_text(json.dumps({**spec, "suites": turned}))
    ledger, _ = run(tiny_spec, tmp_path / "runs" / "second")
    assert all(len(each.evaluations) == 2 for each in ledger.outcomes)
