"""What a spec's `merge` asks for: the merged model's scores, and latencies, of every adapter."""

import json
from dataclasses import replace

import pytest

from harness.diagnostics.latency import NEW, PROMPT, latency
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
    lora = found["lora--tiny"]
    check = lora.measurements["merged_scores_agree"]
    assert check.passed is True
    assert (check.details["items"], check.details["task"], check.details["metric"]) == (8, "sums", "acc")
    assert lora.training.measurements["outputs_differ"].passed is True
    assert lora.latency.not_merged is None
    assert all(each.tokens_per_second > 0 for each in (lora.latency.base, lora.latency.adapter, lora.latency.merged))
    assert found["full--default"].latency is None
    assert not (ledger.cell_folder(found["lora--tiny"].cell) / "merge").exists()


def test_what_cannot_be_merged_says_why_and_is_timed_all_the_same(merging_spec, tmp_path):
    (tmp_path / "adapters" / "lora--tiny.json").write_text(json.dumps(PROMPTS))
    ledger, _ = run(merging_spec, tmp_path / "runs" / "tiny")
    (prompted,) = [each for each in ledger.outcomes if each.cell.recipe == "lora--tiny"]
    check = prompted.measurements["merged_scores_agree"]
    assert check.passed is None
    assert "virtual tokens" in check.details["reason"]
    assert prompted.latency.not_merged == check.details["reason"]
    assert prompted.latency.merged is None


def test_a_finished_run_is_measured_without_training_again(tiny_spec, tmp_path):
    before, _ = run(tiny_spec, tmp_path / "runs" / "tiny", seeds=(1,))
    (old,) = [each for each in before.outcomes if each.cell.recipe == "lora--tiny"]
    after, watcher = run(tiny_spec, before.folder, seeds=(1,), set=("merge.check=true",))
    assert watcher.cells == [old.cell.id]
    new = after.outcome(old.cell)
    assert new.evaluations == old.evaluations
    assert new.training.losses == old.training.losses
    assert new.costs.rss_max > 0.9 * old.costs.rss_max
    assert new.costs.seconds["train"] == pytest.approx(old.costs.seconds["train"])
    assert new.measurements["merged_scores_agree"].passed is True
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
    assert {tuple(each.shape) for each in calls} == {(1, PROMPT + NEW)}
