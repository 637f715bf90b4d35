"""Examples before an item are rendered by lm-eval itself and scored as HFLM scores them, in every shipped suite."""

import json

import lm_eval
import pytest
from lm_eval.models.huggingface import HFLM
from lm_eval.tasks import TaskManager

from harness.declarations.places import shipped
from harness.declarations.tasks import declared_tasks
from harness.evaluation import evaluate
from harness.spec.records import EvaluationOptions, Suite
from harness.suites.load import load_task

pytestmark = pytest.mark.network

LEADS = {"k8s_reworded": "About Kubernetes:"}
"""What a question begins with, where it is not the usual word."""


def built_from_wheels():
    shipped_ones = declared_tasks(include=[shipped("tasks")]).values()
    named = [task for task in shipped_ones if (task.metadata.get("source") or {}).get("package")]
    return sorted(task.name for task in named if task.config["output_type"] != "loglikelihood_rolling")


@pytest.fixture(scope="session")
def roomy(random_model):
    """A model whose context holds two examples and an item in bytes, and which generates next to nothing."""
    model = random_model("llama", max_position_embeddings=8192)
    model.generation_config.max_new_tokens = 4
    return model


def read(path):
    samples = [json.loads(line) for line in path.read_text().splitlines()]
    return {sample["doc_hash"]: sample for sample in samples}


@pytest.fixture(autouse=True)
def _asks_no_pip(monkeypatch):
    """Leave out what lm-eval notes of the machine, for which it calls `pip` each time."""
    monkeypatch.setattr(lm_eval.evaluator, "add_env_info", lambda results: None)


@pytest.mark.parametrize("name", built_from_wheels())
def test_two_examples_give_lm_evals_prompts_and_scores(name, roomy, tokenizer, tmp_path):
    metric = load_task(name).config.metric_list[0]["metric"]
    suite = Suite(task=name, role="guard", metric=metric, num_fewshot=2, limit=2)
    ours = evaluate(roomy, tokenizer, suite, folder=tmp_path, options=EvaluationOptions(batch_size=4))
    samples = read(tmp_path / ours.samples)
    theirs = lm_eval.simple_evaluate(
        model=HFLM(roomy, tokenizer=tokenizer, softmax_dtype="float32"),
        tasks=[name],
        task_manager=TaskManager(include_path=str(shipped("tasks")), include_defaults=False),
        num_fewshot=2,
        samples={name: [sample["doc_id"] for sample in samples.values()]},
        bootstrap_iters=0,
    )
    assert [theirs["n-shot"][name], len(samples), ours.items] == [2, 2, 2]
    for sample in theirs["samples"][name]:
        own = samples[sample["doc_hash"]]
        prompts = [each["arg_0"] for each in own["arguments"].values()]
        assert prompts == [arguments[0] for arguments in sample["arguments"]]
        assert prompts[0].count(LEADS.get(name, "Question:")) == 3
        for key in sample["metrics"]:
            assert own[key] == pytest.approx(sample[key], abs=1e-3)


def test_a_rationale_is_asked_for_after_its_question_and_without_it(roomy, tokenizer, tmp_path):
    suite = Suite(task="medical_cot_rationale", role="guard", metric="answer_information", limit=3)
    scored = evaluate(roomy, tokenizer, suite, folder=tmp_path, options=EvaluationOptions(batch_size=4))
    for sample in read(tmp_path / scored.samples).values():
        asked, unasked = sample["arguments"].values()
        question = sample["doc"]["question"]
        assert asked["arg_1"] == unasked["arg_1"] == f" {sample['doc']['rationale']}"
        assert question in asked["arg_0"]
        assert unasked["arg_0"] == asked["arg_0"][asked["arg_0"].index("Answer step by step:") :]
        assert sample["answer_information"] != 0
