"""What a spec's `merge` asks for: the merged model's scores, and latencies, of every adapter."""

import json
from dataclasses import replace

import pytest

from harness.execution import latency as measured
from harness.execution.latency import latency
from harness.spec import load
from harness.spec.records import Merge
from helpers.watchers import run

PROMPTS = {"peft": {"peft_type": "PROMPT_TUNING", "task_type": "CAUSAL_LM", "num_virtual_tokens": 4}}


@pytest.fixture
def merging_spec(tiny_spec):
    declared = json.loads(tiny_spec.read_text())
    declared |= {"seeds": [1], "merge": {"check": True, "latency": True, "items": 8, "tolerance": 1e-3}}
    tiny_spec.write_text(json.dumps(declared))
    return tiny_spec


def test_an_adapter_is_merged_scored_again_and_timed(merging_spec, tmp_path):
    ledger, _ = run(merging_spec, tmp_path / "runs" / "tiny")
    found = {each.cell.recipe: each for each in ledger.outcomes}
    info = found["lora--tiny"].train_info
    guard = info["guards"]["merged_scores_agree"]
    assert guard["passed"] is True
    assert (guard["items"], guard["task"], guard["metric"]) == (8, "sums", "acc")
    assert info["guards"]["outputs_differ"]["passed"] is True
    assert set(info["latency"]) == {"base", "adapter", "merged", "not_merged"}
    assert all(info["latency"][name]["tokens_per_second"] > 0 for name in ("base", "adapter", "merged"))
    assert "latency" not in found["full--default"].train_info
    assert not (ledger.cell_folder(found["lora--tiny"].cell) / "merge").exists()


def test_what_cannot_be_merged_says_why_and_is_timed_all_the_same(merging_spec, tmp_path):
    (tmp_path / "adapters" / "lora--tiny.json").write_text(json.dumps(PROMPTS))
    ledger, _ = run(merging_spec, tmp_path / "runs" / "tiny")
    (info,) = [each.train_info for each in ledger.outcomes if each.cell.recipe == "lora--tiny"]
    guard = info["guards"]["merged_scores_agree"]
    assert guard["passed"] is None
    assert "virtual tokens" in guard["reason"]
    assert info["latency"]["not_merged"] == guard["reason"]
    assert set(info["latency"]) == {"base", "adapter", "not_merged"}


def test_a_finished_run_is_measured_without_training_again(tiny_spec, tmp_path):
    before, _ = run(tiny_spec, tmp_path / "runs" / "tiny", seeds=(1,))
    (old,) = [each for each in before.outcomes if each.cell.recipe == "lora--tiny"]
    after, watcher = run(tiny_spec, before.folder, seeds=(1,), set=("merge.check=true",))
    assert watcher.cells == [old.cell.id]
    new = after.outcome(old.cell)
    assert new.evaluations == old.evaluations
    assert new.train_info["losses"] == old.train_info["losses"]
    assert new.train_info["rss_max"] > 0.9 * old.train_info["rss_max"]
    assert new.train_info["seconds"]["train"] == pytest.approx(old.train_info["seconds"]["train"])
    assert new.train_info["guards"]["merged_scores_agree"]["passed"] is True
    _, watcher = run(tiny_spec, before.folder, seeds=(1,), set=("merge.check=true",))
    assert watcher.cells == []


def test_nothing_is_measured_unless_asked(tiny_spec):
    assert load(tiny_spec).merge == replace(Merge(), check=False, latency=False)


def test_latency_is_of_whole_requests(tiny_model, monkeypatch):
    from harness.sources import models
    from harness.spec.records import Model

    model = models.load(Model(**tiny_model)).model.eval()
    calls = []
    generate = model.generate
    monkeypatch.setattr(model, "generate", lambda **request: calls.append(generate(**request)) or calls[-1])
    found = latency(model, "cpu")
    assert found.forward_seconds > 0
    assert {tuple(each.shape) for each in calls} == {(1, measured.PROMPT + measured.NEW)}
