"""A spec with guards ends in a verdict on forgetting, with an interval, whatever kind of task the guard is."""

import json
import re

import pytest

from harness.cli import main

TEXT = """task: plain
custom_dataset: !function loader.load
output_type: loglikelihood_rolling
test_split: test
doc_to_text: ""
doc_to_target: "{{question}} and more"
process_results: !function scores.passage
metric_list:
  - {metric: bits_per_byte, aggregation: mean, higher_is_better: false}
metadata: {version: 1.0, shift: 50}
"""
SCORES = """from harness.suites import metrics


def passage(doc, results):
    return metrics.passage({"text": f"{doc['question']} and more"}, results)
"""
SPOKEN = """task: spoken
custom_dataset: !function loader.load
output_type: generate_until
test_split: test
doc_to_text: "{{question}} ="
doc_to_target: "{{choices[0]}}"
generation_kwargs: {until: ["."], max_gen_toks: 2, do_sample: false}
metric_list:
  - {metric: exact_match, aggregation: mean, higher_is_better: true}
filter_list:
  - {name: strict, filter: [{function: take_first}]}
  - {name: lenient, filter: [{function: take_first}]}
metadata: {version: 1.0, shift: 80}
"""
GUARDS = {"sums_far": "acc", "plain": "bits_per_byte", "spoken": "exact_match,lenient"}


@pytest.fixture
def guarded(tiny_spec):
    folder = tiny_spec.parent / "tasks" / "sums"
    for name, text in {"plain.yaml": TEXT, "scores.py": SCORES, "spoken.yaml": SPOKEN}.items():
        (folder / name).write_text(text)
    spec = json.loads(tiny_spec.read_text())
    guards = [
        {"task": task, "role": "guard", "metric": metric, "sesoi": 0.02, "sesoi_reason": "a try"}
        for task, metric in GUARDS.items()
    ]
    tiny_spec.write_text(json.dumps({**spec, "suites": [spec["suites"][0], *guards]}))
    return tiny_spec


def test_every_guard_is_judged_against_the_base_model(guarded, tmp_path, capsys):
    out = tmp_path / "runs" / "tiny"
    assert main(["validate", str(guarded)]) == 0
    assert main(["run", str(guarded), "--out", str(out)]) == 0
    table = capsys.readouterr().out.split("Guard: spoken, exact_match,lenient")[1]
    assert re.search(r"^base +0\.\d{4} +–$", table, re.MULTILINE), "one filter, one score"
    judged = json.loads((out / "verdict.json").read_text())["guards"]
    assert {(each["task"], each["candidate"]) for each in judged} == {
        (task, candidate) for task in GUARDS for candidate in ("full--default", "lora--tiny")
    }
    for guard in judged:
        low, high = guard["gap"]["interval"]
        assert low <= guard["gap"]["estimate"] <= high
        assert (guard["metric"], guard["reference"]) == (GUARDS[guard["task"]], "base")
        assert guard["verdict"]
