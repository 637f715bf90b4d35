"""A suite is scored through lm-eval; its own files and an honest record come out."""

import json
import logging
import os

import lm_eval
import pytest
import torch
from lm_eval.models.huggingface import HFLM
from lm_eval.tasks import TaskManager

from harness.declarations.code import VARIABLE
from harness.errors import HarnessError, TaskError
from harness.evaluation import evaluate
from harness.evaluation import results as files
from harness.spec.records import EvaluationOptions, Suite
from helpers import sums

LOADER = """
from datasets import Dataset


def load(**metadata):
    def rows(start):
        choices = {n: [str(n + k) for k in (1, 2, 30)] for n in range(start, start + 9)}
        return [{"q": f"{n} + 1", "choices": each, "answer": 0} for n, each in choices.items()]

    return {"train": Dataset.from_list(rows(0)), "test": Dataset.from_list(rows(50))}
"""

YAML = sums.YAML + "  - {metric: brier_score, higher_is_better: false}\n"

GENERATE = """task: said
custom_dataset: !function loader.load
output_type: generate_until
test_split: test
doc_to_text: "{{q}} ="
doc_to_target: q
generation_kwargs: {until: ["."], max_gen_toks: 3, do_sample: false}
metric_list:
  - {metric: exact_match, aggregation: mean, higher_is_better: true}
"""

SUMS = Suite(task="sums", role="in_domain", metric="acc")
OPTIONS = EvaluationOptions(batch_size=4)


@pytest.fixture
def include(tmp_path):
    folder = tmp_path / "tasks"
    folder.mkdir()
    (folder / "loader.py").write_text(LOADER)
    (folder / "sums.yaml").write_text(YAML)
    (folder / "said.yaml").write_text(GENERATE)
    return (folder,)


@pytest.fixture
def score(tmp_path, include, random_model, tokenizer):
    def score(suite=SUMS, model=None, **changes):
        model = random_model("llama") if model is None else model
        asked = {"folder": tmp_path / "cell" / "eval", "options": OPTIONS, "include": include, **changes}
        return evaluate(model, tokenizer, suite, **asked)

    return score


def test_the_record_says_what_was_scored_by_which_engine(score, tmp_path):
    record = score()
    assert (record.task, record.items, record.scorer) == ("sums", 9, "shared-prompt")
    assert set(record.metrics) == {"acc,none", "brier_score,none"}
    assert record.seconds > 0
    assert (tmp_path / "cell" / "eval" / record.results).is_file()


def test_paths_are_relative_to_the_folder_that_the_caller_names(score, tmp_path):
    record = score(relative_to=tmp_path / "cell")
    assert record.results.startswith("eval/results_")
    assert record.samples.startswith("eval/samples_sums_")


def test_lm_evals_files_hold_directions_and_every_item(score, tmp_path):
    record = score()
    folder = tmp_path / "cell" / "eval"
    results = json.loads((folder / record.results).read_text())
    assert results["higher_is_better"] == {"sums": {"acc": True, "brier_score": False}}
    assert results["results"]["sums"]["acc,none"] == record.metrics["acc,none"]
    assert results["config"]["model"] == "shared-prompt"
    samples = [json.loads(line) for line in (folder / record.samples).read_text().splitlines()]
    assert [sample["doc_id"] for sample in samples] == list(range(9))
    assert {"doc_hash", "prompt_hash", "target_hash", "acc", "filtered_resps"} <= set(samples[0])


def test_plain_lm_eval_gives_the_same_scores(score, include, random_model, tokenizer):
    record = score()
    plain = lm_eval.simple_evaluate(
        model=HFLM(random_model("llama"), tokenizer=tokenizer, batch_size=4),
        tasks=["sums"],
        task_manager=TaskManager(include_path=str(include[0]), include_defaults=False),
        bootstrap_iters=0,
    )
    for key, value in record.metrics.items():
        assert value == pytest.approx(plain["results"]["sums"][key], abs=1e-3)


def test_shots_and_limit_of_the_suite_go_before_the_options(score, tmp_path):
    suite = Suite(task="sums", role="in_domain", metric="acc", num_fewshot=2, limit=3)
    record = score(suite, options=EvaluationOptions(batch_size=4, limit=5))
    assert record.items == 3
    results = json.loads((tmp_path / "cell" / "eval" / record.results).read_text())
    assert results["n-shot"] == {"sums": 2}
    sample = json.loads((tmp_path / "cell" / "eval" / record.samples).read_text().splitlines()[0])
    assert sample["arguments"]["gen_args_0"]["arg_0"].count("=") == 3


def test_few_shot_examples_are_the_same_each_time(score, tmp_path):
    def prompts():
        record = score(Suite(task="sums", role="in_domain", metric="acc", num_fewshot=3))
        lines = (tmp_path / "cell" / "eval" / record.samples).read_text().splitlines()
        return [json.loads(line)["prompt_hash"] for line in lines]

    assert prompts() == prompts()


def test_the_options_limit_holds_where_the_suite_has_none(score):
    assert score(options=EvaluationOptions(limit=5)).items == 5


def test_a_generated_answer_is_scored_by_hflm(score):
    record = score(Suite(task="said", role="guard", metric="exact_match"))
    assert record.scorer == "hflm: generation"
    assert set(record.metrics) == {"exact_match,none"}


def test_the_chat_template_reaches_the_prompt(score, tokenizer, tmp_path, monkeypatch):
    monkeypatch.setattr(tokenizer, "chat_template", "{% for m in messages %}[{{ m['content'] }}]{% endfor %}")
    record = score(options=EvaluationOptions(apply_chat_template=True))
    sample = json.loads((tmp_path / "cell" / "eval" / record.samples).read_text().splitlines()[0])
    assert sample["arguments"]["gen_args_0"]["arg_0"] == "[50 + 1 =]"


def test_a_metric_that_the_task_lacks_is_refused_before_scoring(score):
    with pytest.raises(TaskError, match=r"sums has no metric 'ac' \(did you mean acc\?\); it has acc, brier_score"):
        score(Suite(task="sums", role="in_domain", metric="ac"))


def test_a_model_that_gives_nan_is_an_error_not_a_score(score, random_model):
    model = random_model("llama")
    torch.nn.init.constant_(model.lm_head.weight, float("nan"))
    with pytest.raises(HarnessError, match="not finite"):
        score(Suite(task="sums", role="in_domain", metric="brier_score"), model=model)


def test_results_that_do_not_arrive_are_an_error(score, monkeypatch, tmp_path):
    def fail(*_args, **_kwargs):
        raise OSError("No space left on device")

    monkeypatch.setattr("lm_eval.loggers.evaluation_tracker.asdict", fail)
    with pytest.raises(HarnessError, match="could not write its results there whole"):
        score()


def test_samples_cut_short_are_an_error(tmp_path):
    (tmp_path / "results_1.json").write_text("{}")
    (tmp_path / "samples_1.jsonl").write_text('{"doc_id": 0}\n{"doc_')
    with pytest.raises(HarnessError, match="could not write its results there whole"):
        files._check(files.Files(tmp_path / "results_1.json", tmp_path / "samples_1.jsonl"), items=2)


def test_the_model_comes_back_in_training_mode(score, random_model):
    model = random_model("llama").train()
    model.config.use_cache = False
    score(model=model)
    assert all(module.training for module in model.modules())
    assert model.config.use_cache is False


def test_progress_ends_at_every_request(score):
    seen = []
    score(on_progress=lambda done, total: seen.append((done, total)))
    assert (seen[0], seen[-1]) == ((0, 27), (27, 27))


def test_progress_of_hflm_is_told_too(score):
    seen = []
    suite = Suite(task="said", role="guard", metric="exact_match")
    score(suite, on_progress=lambda done, total: seen.append((done, total)))
    assert seen[-1] == (9, 9)
    assert len(seen) > 2


def test_nothing_is_drawn_on_the_screen(score, capfd):
    score()
    score(Suite(task="said", role="guard", metric="exact_match"))
    assert capfd.readouterr() == ("", "")


def test_lm_evals_warnings_reach_the_log(score, caplog):
    with caplog.at_level(logging.WARNING):
        score()
    assert any(record.name.startswith("lm_eval") for record in caplog.records)


def test_answers_of_a_task_that_executes_code_are_scored_in_children(score, include, tmp_path, monkeypatch):
    (folder,) = include
    (folder / "runs.py").write_text(
        "import os\n\n\ndef process(doc, results):\n    open('trace', 'w').close()\n"
        f"    return {{'alone': float(os.getpid() != {os.getpid()})}}\n"
    )
    text = GENERATE.replace("task: said", "task: runs\nunsafe_code: true\nprocess_results: !function runs.process")
    (folder / "runs.yaml").write_text(text.replace("exact_match", "alone"))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv(VARIABLE, "runs")
    record = score(Suite(task="runs", role="guard", metric="alone"))
    assert record.metrics["alone,none"] == 1.0
    assert not (tmp_path / "trace").exists()
    monkeypatch.setenv(VARIABLE, "")
    with pytest.raises(TaskError, match="--execute-code runs"):
        score(Suite(task="runs", role="guard", metric="alone"))
