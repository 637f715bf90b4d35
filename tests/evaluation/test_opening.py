"""What all prompts begin with is read once, and scores are those of prompts that are read whole."""

import peft
import pytest
from hypothesis import given
from hypothesis import strategies as st
from lm_eval.models.huggingface import HFLM

from harness.evaluation.opening import LEAST, Opening, opening_tokens
from harness.evaluation.scorer import SharedPromptLM

BOTH = ["llama", "qwen2", "gpt_neox", "qwen3", "gpt2", "phi", "granite", "mistral"]
FAMILIES = [*((family, attention) for family in BOTH for attention in ("sdpa", "eager")), ("gemma2", "eager")]


def plainly(model, tokenizer, questions, **options):
    return HFLM(model, tokenizer=tokenizer, softmax_dtype="float32", **options).loglikelihood(
        questions, disable_tqdm=True
    )


def agree(ours, theirs):
    assert [hit for _, hit in ours] == [hit for _, hit in theirs]
    assert [score for score, _ in ours] == pytest.approx([score for score, _ in theirs], abs=1e-3)


@given(st.lists(st.integers(0, 3), max_size=60), st.lists(st.lists(st.integers(0, 3), min_size=1), min_size=1))
def test_the_opening_is_the_longest_that_leaves_every_prompt_a_token(shared, rest):
    prompts = [[*shared, *each] for each in rest]
    found = opening_tokens(prompts)
    assert all(prompt[: len(found)] == found and len(prompt) > len(found) for prompt in prompts)
    longer = len(found) + 1
    one_way_on = len({tuple(prompt[:longer]) for prompt in prompts}) == 1 and min(map(len, prompts)) > longer
    if len(found) >= LEAST:
        assert not one_way_on
    else:
        assert found == []
        assert len(shared) < LEAST


@pytest.mark.parametrize(("family", "attention"), FAMILIES)
def test_scores_are_those_of_prompts_read_whole(family, attention, random_model, tokenizer, with_examples, preamble):
    model = random_model(family, attention=attention)
    scorer = SharedPromptLM(model, tokenizer=tokenizer, batch_size=3)
    ours = scorer.loglikelihood(with_examples, disable_tqdm=True)
    assert scorer.engine == f"shared-prompt, the first {len(preamble.strip()) - 1} tokens read once"
    agree(ours, plainly(model, tokenizer, with_examples, batch_size=1))


def test_an_adapter_reads_the_opening_too(random_model, tokenizer, with_examples):
    config = peft.LoraConfig(r=4, target_modules="all-linear", init_lora_weights=False, task_type="CAUSAL_LM")
    model = peft.get_peft_model(random_model("llama"), config)
    scorer = SharedPromptLM(model, tokenizer=tokenizer, batch_size=4)
    ours = scorer.loglikelihood(with_examples, disable_tqdm=True)
    assert scorer.engine.endswith("tokens read once")
    agree(ours, plainly(model, tokenizer, with_examples))


VIRTUAL = [peft.PromptTuningConfig, peft.PrefixTuningConfig]


@pytest.mark.parametrize("config", VIRTUAL, ids=["prompt", "prefix"])
def test_virtual_tokens_stand_before_the_opening(config, random_model, tokenizer, with_examples, preamble):
    model = peft.get_peft_model(random_model("llama"), config(num_virtual_tokens=3, task_type="CAUSAL_LM"))
    scorer = SharedPromptLM(model, tokenizer=tokenizer, batch_size=4)
    ours = scorer.loglikelihood(with_examples, disable_tqdm=True)
    first = len(preamble.strip()) - 1
    assert scorer.engine == f"shared-prompt, 3 virtual tokens and the first {first} tokens read once"
    agree(ours, plainly(model, tokenizer, with_examples))


def test_it_can_be_switched_off(random_model, tokenizer, with_examples):
    scorer = SharedPromptLM(random_model("llama"), tokenizer=tokenizer, batch_size=4, reads_once=False)
    scorer.loglikelihood(with_examples, disable_tqdm=True)
    assert scorer.engine == "shared-prompt"


@pytest.fixture
def spoilt(monkeypatch):
    """Every copy of an opening's cache has other values than what was read."""
    copied = Opening.copied

    def altered(self, rows):
        cache = copied(self, rows)
        cache.layers[0].values += 1.0
        return cache

    monkeypatch.setattr(Opening, "copied", altered)


@pytest.mark.usefixtures("spoilt")
@pytest.mark.parametrize("config", VIRTUAL, ids=["prompt", "prefix"])
def test_spoilt_virtual_tokens_are_noticed_and_not_used(config, random_model, tokenizer, with_examples):
    model = peft.get_peft_model(random_model("llama"), config(num_virtual_tokens=3, task_type="CAUSAL_LM"))
    scorer = SharedPromptLM(model, tokenizer=tokenizer, batch_size=4)
    ours = scorer.loglikelihood(with_examples, disable_tqdm=True)
    assert scorer.engine.startswith("hflm: shared prompts give ")
    agree(ours, plainly(model, tokenizer, with_examples))


@pytest.mark.usefixtures("spoilt")
def test_a_spoilt_cache_is_noticed_and_not_used(random_model, tokenizer, with_examples, caplog):
    model = random_model("llama")
    scorer = SharedPromptLM(model, tokenizer=tokenizer, batch_size=4)
    with caplog.at_level("INFO"):
        ours = scorer.loglikelihood(with_examples, disable_tqdm=True)
    assert scorer.engine == "shared-prompt"
    assert "every prompt is read whole: shared prompts give " in caplog.text
    agree(ours, plainly(model, tokenizer, with_examples))


def test_a_model_without_a_cache_reads_prompts_whole(random_model, tokenizer, with_examples, monkeypatch):
    model = random_model("llama")
    forward = model.forward
    monkeypatch.setattr(model, "forward", lambda *given, **more: forward(*given, **{**more, "use_cache": False}))
    scorer = SharedPromptLM(model, tokenizer=tokenizer, batch_size=4)
    ours = scorer.loglikelihood(with_examples, disable_tqdm=True)
    assert scorer.engine == "shared-prompt"
    agree(ours, plainly(model, tokenizer, with_examples))


def test_prompts_without_a_common_opening_are_read_as_ever(random_model, tokenizer, questions):
    scorer = SharedPromptLM(random_model("llama"), tokenizer=tokenizer, batch_size=4)
    scorer.loglikelihood(questions, disable_tqdm=True)
    assert scorer.engine == "shared-prompt"
