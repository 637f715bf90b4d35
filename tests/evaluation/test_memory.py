"""Memory that runs out while a suite is scored: smaller batches, the same scores, and the ledger says so."""

import pytest
import torch
from lm_eval.api.instance import Instance
from lm_eval.models.huggingface import HFLM

from harness.evaluation.memory import Halving
from harness.evaluation.scorer import SharedPromptLM


def bounded(model, most):
    """Let a model's forward pass raise what torch raises on a card, where a batch holds more tokens than that."""
    whole = model.forward
    seen = []

    def forward(input_ids=None, **more):
        if input_ids.numel() > most:
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB.")
        seen.append(tuple(input_ids.shape))
        return whole(input_ids=input_ids, **more)

    model.forward = forward
    return seen


def test_shared_rows_are_read_in_smaller_batches_with_the_same_scores(random_model, tokenizer, questions):
    model, asked_of_all = random_model("llama"), list(questions) * 5
    sizes = bounded(model, 10**6)
    plain = SharedPromptLM(model, tokenizer=tokenizer, batch_size=100)
    scores = plain.loglikelihood(asked_of_all, disable_tqdm=True)
    assert plain.engine == "shared-prompt"
    most = max(rows * width for rows, width in sizes) - 1
    assert most >= max(width for _, width in sizes)
    seen = bounded(model, most)
    scorer = SharedPromptLM(model, tokenizer=tokenizer, batch_size=100)
    found = scorer.loglikelihood(asked_of_all, disable_tqdm=True)
    assert [hit for _, hit in found] == [hit for _, hit in scores]
    assert [score for score, _ in found] == pytest.approx([score for score, _ in scores], abs=1e-3)
    name, _, said = scorer.engine.partition("; memory ran out: ")
    assert name == "shared-prompt"
    assert int(said.removesuffix(" tokens a batch at most")) <= most
    assert max(rows * width for rows, width in seen) <= most


def asked(kind, arguments):
    return [
        Instance(request_type=kind, doc={}, arguments=each, idx=0, metadata=("t", place, 1))
        for place, each in enumerate(arguments)
    ]


def test_what_hflm_generates_and_scores_is_the_same_in_halves(random_model, tokenizer):
    model = random_model("llama")
    how = {"until": ["\n"], "max_gen_toks": 6, "do_sample": False}
    prompts = asked("generate_until", [(f"Question {'long ' * place}", how) for place in range(7)])
    texts = asked("loglikelihood_rolling", [(f"a text of {'many ' * place} words",) for place in range(7)])
    plain = HFLM(model, tokenizer=tokenizer, batch_size=7, softmax_dtype="float32")
    written, scored = plain.generate_until(prompts), plain.loglikelihood_rolling(texts)
    bounded(model, 150)
    scorer = SharedPromptLM(model, tokenizer=tokenizer, batch_size=7)
    assert scorer.generate_until(prompts) == written
    assert scorer.engine.startswith("hflm: generation; memory ran out: ")
    again = SharedPromptLM(model, tokenizer=tokenizer, batch_size=7)
    assert again.loglikelihood_rolling(texts) == pytest.approx(scored, abs=1e-3)
    assert again.engine.startswith("hflm: rolling log-likelihood; memory ran out: ")


def test_what_is_sampled_is_not_drawn_otherwise(random_model, tokenizer):
    model = random_model("llama")
    bounded(model, 150)
    how = {"until": ["\n"], "max_gen_toks": 6, "do_sample": True, "temperature": 0.7}
    prompts = asked("generate_until", [(f"Question {'long ' * place}", how) for place in range(7)])
    with pytest.raises(torch.OutOfMemoryError):
        SharedPromptLM(model, tokenizer=tokenizer, batch_size=7).generate_until(prompts)


def test_a_single_row_that_does_not_fit_is_the_cells_failure(random_model, tokenizer, questions):
    model = random_model("llama")
    bounded(model, most=3)
    with pytest.raises(torch.OutOfMemoryError):
        SharedPromptLM(model, tokenizer=tokenizer, batch_size=4).loglikelihood(questions, disable_tqdm=True)


@pytest.mark.parametrize("most", [1, 2, 3, 5, 12])
@pytest.mark.parametrize(
    "error", [torch.OutOfMemoryError("CUDA out of memory."), RuntimeError("DefaultCPUAllocator: can't allocate memory")]
)
def test_all_rows_are_done_once_in_order_and_what_ran_out_is_remembered(most, error):
    memory, sizes = Halving(), []

    def run(rows):
        sizes.append(rows.stop - rows.start)
        if sizes[-1] > most:
            raise error
        return list(range(12))[rows]

    assert [row for part in memory.parts(12, 10, run) for row in part] == list(range(12))
    tried = len(sizes)
    assert [row for part in memory.parts(12, 10, run) for row in part] == list(range(12))
    assert max(sizes[tried:]) <= most
    assert (memory.tokens is None) is (most == 12)


def test_another_error_than_of_memory_ends_it():
    def run(_):
        raise RuntimeError("shapes cannot be multiplied")

    with pytest.raises(RuntimeError, match="shapes"):
        Halving().parts(12, 10, run)
