"""The scorer gives HFLM's log-likelihoods and choices, or hands over to HFLM and says why."""

from functools import partial

import peft
import pytest
import torch
from lm_eval.api.instance import Instance
from lm_eval.api.registry import get_model
from lm_eval.models.huggingface import HFLM

from harness.errors import TaskError
from harness.evaluation.progress import RequestCounter
from harness.evaluation.scorer import SharedPromptLM, is_greedy
from harness.model.precision import keep_masters

BOTH = ["llama", "qwen2", "gpt_neox", "qwen3", "gpt2", "phi", "granite", "mistral"]
SHARED = [*((family, attention) for family in BOTH for attention in ("sdpa", "eager")), ("gemma2", "eager")]


def plainly(model, tokenizer, questions, **options):
    return HFLM(model, tokenizer=tokenizer, softmax_dtype="float32", **options).loglikelihood(
        questions, disable_tqdm=True
    )


def agree(ours, theirs, *, within=1e-3):
    assert [hit for _, hit in ours] == [hit for _, hit in theirs]
    assert [score for score, _ in ours] == pytest.approx([score for score, _ in theirs], abs=within)


@pytest.mark.parametrize(("family", "attention"), SHARED)
def test_shared_prompts_score_like_plain_forward_passes(family, attention, random_model, tokenizer, questions):
    model = random_model(family, attention=attention)
    scorer = SharedPromptLM(model, tokenizer=tokenizer, batch_size=3)
    ours = scorer.loglikelihood(questions, disable_tqdm=True)
    assert scorer.engine == "shared-prompt"
    agree(ours, plainly(model, tokenizer, questions, batch_size=1))


@pytest.mark.parametrize("size", [1, 2, 100])
def test_any_batch_size_gives_the_same_scores(size, random_model, tokenizer, questions):
    model = random_model("llama")
    ours = SharedPromptLM(model, tokenizer=tokenizer, batch_size=size).loglikelihood(questions, disable_tqdm=True)
    agree(ours, plainly(model, tokenizer, questions))


def test_an_adapted_model_is_scored_with_its_adapter(random_model, tokenizer, questions):
    plain = plainly(random_model("llama"), tokenizer, questions)
    config = peft.LoraConfig(r=4, target_modules="all-linear", init_lora_weights=False, task_type="CAUSAL_LM")
    model = peft.get_peft_model(random_model("llama"), config)
    scorer = SharedPromptLM(model, tokenizer=tokenizer, batch_size=4)
    ours = scorer.loglikelihood(questions, disable_tqdm=True)
    assert scorer.engine == "shared-prompt"
    agree(ours, plainly(model, tokenizer, questions))
    assert [score for score, _ in ours] != pytest.approx([score for score, _ in plain], abs=0.1)


def test_an_adapted_head_is_scored_with_its_adapter(random_model, tokenizer, questions):
    config = peft.LoraConfig(r=4, target_modules=["lm_head"], init_lora_weights=False, task_type="CAUSAL_LM")
    model = peft.get_peft_model(random_model("llama"), config)
    scorer = SharedPromptLM(model, tokenizer=tokenizer, batch_size=4)
    ours = scorer.loglikelihood(questions, disable_tqdm=True)
    assert scorer.engine == "shared-prompt"
    agree(ours, plainly(model, tokenizer, questions))


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_half_precision_differs_by_its_rounding_alone(dtype, random_model, tokenizer, questions):
    model = random_model("llama").to(dtype)
    scorer = SharedPromptLM(model, tokenizer=tokenizer, batch_size=4)
    ours = scorer.loglikelihood(questions, disable_tqdm=True)
    assert scorer.engine == "shared-prompt"
    theirs = plainly(model, tokenizer, questions)
    for question, (mine, _), (plain, _) in zip(questions, ours, theirs, strict=True):
        assert mine == pytest.approx(plain, abs=0.1 * len(question.args[1]) + 0.1)


@pytest.mark.parametrize("part", ["model.embed_tokens", "model.layers.1.input_layernorm", "model.layers.0"])
def test_a_model_of_two_dtypes_is_scored_in_the_smaller_one(part, random_model, tokenizer, questions):
    model = random_model("llama").to(torch.bfloat16).requires_grad_(requires_grad=False)
    model.get_submodule(part).requires_grad_(requires_grad=True)
    keep_masters(model)
    scorer = SharedPromptLM(model, tokenizer=tokenizer, batch_size=4)
    ours = scorer.loglikelihood(questions, disable_tqdm=True)
    theirs = plainly(model, tokenizer, questions, mixed_precision_dtype="bfloat16")
    assert scorer.engine == "shared-prompt"
    for question, (mine, _), (plain, _) in zip(questions, ours, theirs, strict=True):
        assert mine == pytest.approx(plain, abs=0.1 * len(question.args[1]) + 0.1)


@pytest.mark.parametrize("bits", [{"load_in_4bit": True}, {"load_in_8bit": True}])
def test_a_quantized_model_is_scored_in_shared_rows(bits, random_model, tokenizer, questions, tmp_path):
    from transformers import AutoModelForCausalLM, BitsAndBytesConfig

    random_model("llama", hidden_size=64, intermediate_size=64).save_pretrained(tmp_path)
    config = BitsAndBytesConfig(**bits, bnb_4bit_quant_type="nf4", bnb_4bit_compute_dtype=torch.float32)
    model = AutoModelForCausalLM.from_pretrained(
        tmp_path, quantization_config=config, dtype=torch.float32, device_map={"": "cpu"}
    )
    scorer = SharedPromptLM(model, tokenizer=tokenizer, batch_size=4)
    ours = scorer.loglikelihood(questions, disable_tqdm=True)
    assert scorer.engine == "shared-prompt"
    theirs = plainly(model, tokenizer, questions)
    assert [score for score, _ in ours] == pytest.approx([score for score, _ in theirs], abs=2.0, rel=0.02)


PROMPT_LEARNING = {
    "PROMPT_TUNING": partial(peft.PromptTuningConfig, num_virtual_tokens=3),
    "PREFIX_TUNING": partial(peft.PrefixTuningConfig, num_virtual_tokens=3),
    "P_TUNING": partial(peft.PromptEncoderConfig, num_virtual_tokens=3, encoder_hidden_size=8),
    "CPT": partial(peft.CPTConfig, cpt_token_ids=[5, 6, 7], cpt_mask=[1, 1, 1], cpt_tokens_type_mask=[1, 2, 3]),
    "CARTRIDGE": partial(peft.CartridgeConfig, num_virtual_tokens=3),
}


def with_virtual_tokens(model, kind):
    return peft.get_peft_model(model, PROMPT_LEARNING[kind](task_type="CAUSAL_LM"))  # PEFT writes into what it is given


@pytest.mark.parametrize("kind", PROMPT_LEARNING)
@pytest.mark.parametrize(("family", "attention"), SHARED)
def test_virtual_tokens_are_read_once_for_all_prompts(family, attention, kind, random_model, tokenizer, questions):
    model = with_virtual_tokens(random_model(family, attention=attention), kind)
    scorer = SharedPromptLM(model, tokenizer=tokenizer, batch_size=3)
    ours = scorer.loglikelihood(questions, disable_tqdm=True)
    assert scorer.engine == "shared-prompt, 3 virtual tokens read once"
    agree(ours, plainly(model, tokenizer, questions, batch_size=1))
    untuned = plainly(model.get_base_model(), tokenizer, questions)
    assert [score for score, _ in ours] != pytest.approx([score for score, _ in untuned], abs=0.1)


@pytest.mark.parametrize("kind", PROMPT_LEARNING)
def test_virtual_tokens_can_be_read_with_every_prompt_instead(kind, random_model, tokenizer, questions):
    model = with_virtual_tokens(random_model("llama"), kind)
    scorer = SharedPromptLM(model, tokenizer=tokenizer, batch_size=4, reads_once=False)
    ours = scorer.loglikelihood(questions, disable_tqdm=True)
    assert scorer.engine == f"hflm: {kind} puts virtual tokens before the prompt"
    assert ours == plainly(model, tokenizer, questions, batch_size=4)


def test_what_stands_beside_the_input_in_each_layer_is_scored_by_hflm(random_model, tokenizer, questions):
    config = peft.AdaptionPromptConfig(adapter_len=3, adapter_layers=1, task_type="CAUSAL_LM")
    model = peft.get_peft_model(random_model("llama"), config)
    scorer = SharedPromptLM(model, tokenizer=tokenizer, batch_size=4)
    ours = scorer.loglikelihood(questions, disable_tqdm=True)
    assert scorer.engine == "hflm: ADAPTION_PROMPT puts virtual tokens before the prompt"
    assert ours == plainly(model, tokenizer, questions, batch_size=4)


@pytest.mark.parametrize("family", ["mistral", "gemma2"])
def test_a_window_shorter_than_the_row_is_scored_by_hflm(family, random_model, tokenizer, questions):
    model = random_model(family, sliding_window=40)
    scorer = SharedPromptLM(model, tokenizer=tokenizer, batch_size=4)
    ours = scorer.loglikelihood(questions, disable_tqdm=True)
    assert scorer.engine.startswith("hflm: attention window of 40 tokens, longest row ")
    assert ours == plainly(model, tokenizer, questions, batch_size=4)


UNKNOWN = {
    "bloom": {"hidden_size": 32, "n_layer": 2, "n_head": 4, "vocab_size": 300},
    "mamba": {"hidden_size": 32, "num_hidden_layers": 2, "vocab_size": 300, "state_size": 4},
}


@pytest.mark.parametrize("family", UNKNOWN)
def test_what_no_rule_knows_is_found_by_comparing_with_a_plain_pass(family, random_model, tokenizer, questions):
    """Positions that are not position ids (Bloom) and a state that runs over the row (Mamba)."""
    from transformers import AutoConfig, AutoModelForCausalLM, set_seed

    set_seed(0)
    config = AutoConfig.for_model(family, **UNKNOWN[family], initializer_range=0.3)
    model = AutoModelForCausalLM.from_config(config).eval()
    scorer = SharedPromptLM(model, tokenizer=tokenizer, batch_size=4, max_length=256)
    ours = scorer.loglikelihood(questions, disable_tqdm=True)
    assert scorer.engine.startswith("hflm: ")
    assert ours == plainly(model, tokenizer, questions, batch_size=4, max_length=256)


def test_a_rule_that_fails_to_see_a_window_is_backed_by_the_comparison(random_model, tokenizer, questions, monkeypatch):
    monkeypatch.setattr("harness.evaluation.scorer.unsupported", lambda model, *, longest, before: None)
    model = random_model("mistral", sliding_window=40)
    scorer = SharedPromptLM(model, tokenizer=tokenizer, batch_size=4)
    ours = scorer.loglikelihood(questions, disable_tqdm=True)
    assert scorer.engine.startswith("hflm: shared prompts give ")
    assert ours == plainly(model, tokenizer, questions, batch_size=4)


@pytest.mark.filterwarnings("ignore:.*exceeds model's maximum length.*")
def test_questions_longer_than_the_model_are_scored_by_hflm_alone(random_model, tokenizer, questions):
    model = random_model("llama")
    scorer = SharedPromptLM(model, tokenizer=tokenizer, batch_size=4, max_length=50)
    ours = scorer.loglikelihood(questions, disable_tqdm=True)
    assert scorer.engine.startswith("shared-prompt; hflm for ")
    assert scorer.engine.endswith("longer than 50 tokens")
    agree(ours, plainly(model, tokenizer, questions, max_length=50))


def test_texts_and_generation_are_left_to_hflm(random_model, tokenizer, monkeypatch):
    monkeypatch.delattr(SharedPromptLM, "_shared")
    model = random_model("llama")
    scorer = SharedPromptLM(model, tokenizer=tokenizer, batch_size=2)
    plain = HFLM(model, tokenizer=tokenizer, batch_size=2, softmax_dtype="float32")

    def asked(kind, *arguments):
        return [Instance(request_type=kind, doc={}, arguments=arguments, idx=0, metadata=("t", 0, 1))]

    text = asked("loglikelihood_rolling", "a text to be scored as a whole")
    assert scorer.loglikelihood_rolling(text) == plain.loglikelihood_rolling(text)
    assert scorer.engine == "hflm: rolling log-likelihood"
    prompt = asked("generate_until", "Question", {"until": ["\n"], "max_gen_toks": 4, "do_sample": False})
    assert scorer.generate_until(prompt) == plain.generate_until(prompt)
    assert scorer.engine == "hflm: generation"


def test_an_answer_without_tokens_is_refused(random_model, tokenizer):
    empty = Instance(request_type="loglikelihood", doc={}, arguments=("Q:", ""), idx=0, metadata=("t", 0, 1))
    with pytest.raises(TaskError, match="has no tokens"):
        SharedPromptLM(random_model("llama"), tokenizer=tokenizer).loglikelihood([empty], disable_tqdm=True)


def test_progress_counts_every_request_once(random_model, tokenizer, questions):
    seen = []
    counter = RequestCounter(lambda done, total: seen.append((done, total)))
    scorer = SharedPromptLM(random_model("llama"), tokenizer=tokenizer, batch_size=2, counter=counter)
    scorer.loglikelihood(questions, disable_tqdm=True)
    assert seen[0] == (0, len(questions))
    assert seen[-1] == (len(questions), len(questions))
    assert seen == sorted(seen)


def test_the_head_is_left_without_hooks(random_model, tokenizer, questions):
    model = random_model("llama")
    SharedPromptLM(model, tokenizer=tokenizer).loglikelihood(questions, disable_tqdm=True)
    assert not model.get_output_embeddings()._forward_pre_hooks


def test_lm_eval_makes_the_scorer_by_name(random_model, tiny_tokenizer_folder, tokenizer, questions, tmp_path):
    model = random_model("llama")
    model.save_pretrained(tmp_path)
    arguments = {"pretrained": str(tmp_path), "tokenizer": str(tiny_tokenizer_folder), "dtype": "float32"}
    scorer = get_model("shared-prompt").create_from_arg_obj(arguments, {"batch_size": 4, "device": "cpu"})
    agree(scorer.loglikelihood(questions, disable_tqdm=True), plainly(model, tokenizer, questions))
    assert scorer.engine == "shared-prompt"


def test_an_allocator_whose_memory_ran_out_is_no_model_that_takes_no_mask(
    random_model, tokenizer, questions, monkeypatch
):
    def ran_out(*_):
        raise RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory: you tried to allocate 8 bytes.")

    monkeypatch.setattr(SharedPromptLM, "_batch", ran_out)
    scorer = SharedPromptLM(random_model("llama"), tokenizer=tokenizer, batch_size=3)
    with pytest.raises(RuntimeError, match="can't allocate memory"):
        scorer.loglikelihood(questions, disable_tqdm=True)


def test_what_greedy_decoding_would_say_is_the_argmax_with_ties_and_without_numbers():
    generator = torch.Generator().manual_seed(0)
    logits = torch.randint(0, 4, (50, 7), generator=generator).float()
    logits[3, 2], logits[4, 5] = float("nan"), float("-inf")
    logits[5] = float("-inf")
    place = torch.arange(50).repeat_interleave(7)
    target = torch.arange(7).repeat(50)
    found = is_greedy(logits, place, target)
    assert torch.equal(found, logits.argmax(-1)[place] == target)
    assert found.sum() == 50
    assert torch.equal(is_greedy(logits[6:7] * 0 + 1, torch.zeros(0, dtype=torch.long), target[:0]), found[:0])
