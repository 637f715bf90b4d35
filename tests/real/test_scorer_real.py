"""The shared-prompt scorer on the embedded model: HFLM's log-likelihoods and choices, and plain lm-eval's scores."""

import json
import subprocess
import sys

import pytest

from harness import spec
from harness.declarations import places
from harness.evaluation import evaluate
from harness.evaluation.scorer import SharedPromptLM
from harness.methods.adapt import adapt
from harness.sources import models
from harness.spec.records import EvaluationOptions, Suite

pytestmark = pytest.mark.real

ITEMS = 24
SUITES = ["k8s_qa", "techmanual_qa", "medical_cot"]


@pytest.fixture(scope="module")
def base():
    return models.load(spec.load("gap").model)


def per_item(folder, name):
    lines = (folder / name).read_text().splitlines()
    return [[float(score) for score, _ in json.loads(line)["filtered_resps"]] for line in lines]


@pytest.mark.parametrize("task", SUITES)
def test_both_engines_agree_on_every_option_and_choice(task, base, tmp_path, monkeypatch):
    def scored():
        suite = Suite(task=task, role="in_domain", metric="answer_bits_per_byte")
        options = EvaluationOptions(batch_size=8, limit=ITEMS)
        record = evaluate(base.model, base.tokenizer, suite, folder=tmp_path, options=options)
        return record, per_item(tmp_path, record.samples)

    shared, ours = scored()
    monkeypatch.setattr(SharedPromptLM, "_shared", SharedPromptLM._plain)
    plain, theirs = scored()
    assert shared.scorer == "shared-prompt"
    for mine, other in zip(ours, theirs, strict=True):
        assert mine == pytest.approx(other, abs=1e-3)
        assert mine.index(max(mine)) == other.index(max(other))
    assert shared.metrics == pytest.approx(plain.metrics, abs=1e-4)


@pytest.mark.parametrize("name", ["prompt--vocabulary-20", "prefix--default"])
def test_virtual_tokens_that_are_read_once_give_the_same_scores(name, tmp_path):
    loaded = models.load(spec.load("gap").model)
    recipe = spec.load_recipe(name, places.shipped("specs"))
    adapted = adapt(loaded.model, recipe, seed=3, tokenizer=loaded.tokenizer)

    def scored(*, once):
        suite = Suite(task="k8s_qa", role="in_domain", metric="answer_margin")
        folder, options = tmp_path / f"once-{once}", EvaluationOptions(limit=ITEMS // 2)
        record = evaluate(adapted.model, loaded.tokenizer, suite, folder=folder, options=options, reads_once=once)
        return record.scorer, per_item(folder, record.samples)

    (shared, ours), (plain, theirs) = scored(once=True), scored(once=False)
    assert shared.endswith(" virtual tokens read once")
    assert plain.startswith("hflm: ")
    for mine, other in zip(ours, theirs, strict=True):
        assert mine == pytest.approx(other, abs=1e-3)


def test_plain_lm_eval_scores_the_base_model_the_same(base, tmp_path):
    suite = Suite(task="k8s_qa", role="in_domain", metric="answer_bits_per_byte")
    ours = evaluate(
        base.model,
        base.tokenizer,
        suite,
        folder=tmp_path / "ours",
        options=EvaluationOptions(limit=ITEMS, limit_order="first"),
    )
    folder = models.folder(spec.load("gap").model)
    command = [sys.executable, "-m", "lm_eval", "--model", "hf", "--model_args", f"pretrained={folder},dtype=float32"]
    command += ["--include_path", str(places.shipped("tasks")), "--tasks", "k8s_qa", "--limit", str(ITEMS)]
    command += ["--batch_size", "8", "--device", "cpu", "--output_path", str(tmp_path / "plain")]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    (file,) = (tmp_path / "plain").rglob("results_*.json")
    theirs = json.loads(file.read_text())["results"]["k8s_qa"]
    for key, value in ours.metrics.items():
        assert value == pytest.approx(theirs[key], abs=1e-4), key
