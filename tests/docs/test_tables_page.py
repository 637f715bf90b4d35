"""The programs of docs/tables.md turn other tools' files into a table that is compared."""

import json
import re
from pathlib import Path

import numpy as np
import pytest

from harness.cli import main

TEXT = (Path(__file__).parents[2] / "docs" / "tables.md").read_text(encoding="utf-8")
PROGRAMS = re.findall(r"^```python\n(.*?)^```", TEXT.partition("## From other tools")[2], re.MULTILINE | re.DOTALL)
SEEDS, ITEMS = (1, 2, 3), 120
RUNS = [(arm, seed, suite) for arm in ("full", "lora") for seed in SEEDS for suite in ("k8s", "manual")]


def scores():
    """Each run's right and wrong answers, those of `full` far better."""
    rng = np.random.default_rng(1)
    return {run: (rng.random(ITEMS) < (0.9 if run[0] == "full" else 0.3)).tolist() for run in RUNS}


def put(path, content):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content), encoding="utf-8")


def inspect(root):
    for (arm, seed, suite), right in scores().items():
        samples = [
            {"id": k, "epoch": 1, "scores": {"match": {"value": "C" if each else "I", "answer": "a"}}}
            for k, each in enumerate(right)
        ]
        log = {"version": 2, "status": "success", "eval": {"task": suite, "model": arm}, "samples": samples}
        put(root / "logs" / arm / str(seed) / f"{suite}.json", log)


def promptfoo(root):
    for suite in ("k8s", "manual"):
        results = [
            {"provider": {"id": "http", "label": f"{arm}:{seed}"}, "testIdx": k, "promptIdx": 0, "score": int(each)}
            for (arm, seed, name), right in scores().items()
            if name == suite
            for k, each in enumerate(right)
        ]
        put(root / "promptfoo" / f"{suite}.json", {"evalId": "e", "results": {"version": 3, "results": results}})


def helm(root):
    for (arm, seed, suite), right in scores().items():
        instances = [
            {
                "instance_id": f"id{k}",
                "train_trial_index": 0,
                "stats": [
                    {"name": {"name": "num_bytes", "split": "test"}, "count": 1, "sum": 9.0, "mean": 9.0},
                    {"name": {"name": "exact_match", "split": "test"}, "count": 1, "sum": each, "mean": float(each)},
                ],
            }
            for k, each in enumerate(right)
        ]
        put(root / "helm" / arm / str(seed) / suite / "per_instance_stats.json", instances)


@pytest.mark.parametrize(("tool", "program"), zip((inspect, promptfoo, helm), PROGRAMS, strict=True))
def test_a_tools_files_become_a_table_that_is_judged(tool, program, tmp_path, monkeypatch, capsys):
    assert len(program.splitlines()) < 15
    monkeypatch.chdir(tmp_path)
    tool(tmp_path)
    exec(compile(program, tool.__name__, "exec"), {})
    words = ["--reference", "full", "--in-domain", "k8s", "--out-of-domain", "manual", "--sesoi", "0.02", "--json"]
    assert main(["compare", "scores.jsonl", *words]) == 0
    (found,) = json.loads(capsys.readouterr().out)["comparisons"]
    assert found["items_in"] == ITEMS
    assert found["verdict"] == "persists"


def test_the_page_names_every_column():
    from harness.compare.sources.table import OPTIONAL, REQUIRED

    assert re.findall(r"^\| `(\w+)`", TEXT, re.MULTILINE) == [*REQUIRED, *OPTIONAL]
