"""Training and scoring read the same tokens of a question and its answer, special tokens included."""

import pytest
from datasets import Dataset
from lm_eval.models.huggingface import HFLM
from tokenizers.processors import TemplateProcessing
from transformers import AutoTokenizer
from trl import SFTConfig

from harness.evaluation.scorer import SharedPromptLM
from harness.training.rows import chat_template
from harness.training.trainer import CompletionTrainer

BOS, EOS = 1, 2
TEMPLATE = (
    "{{ bos_token }}{% for message in messages %}[{{ message.role }}] {{ message.content }}\n{% endfor %}"
    "{% if add_generation_prompt %}[assistant] {% endif %}"
)


@pytest.fixture(params=[False, True], ids=["plain", "adds BOS"])
def any_tokenizer(request, tiny_tokenizer_folder):
    """A tokenizer that adds nothing, as SmolLM2's and Qwen's, and one that puts BOS in front, as Llama's."""
    tokenizer = AutoTokenizer.from_pretrained(tiny_tokenizer_folder)
    tokenizer.chat_template = TEMPLATE
    if request.param:
        tokenizer.backend_tokenizer.post_processor = TemplateProcessing(
            single="<bos> $A", special_tokens=[("<bos>", BOS)]
        )
    return tokenizer


def trained_on(model, tokenizer, prompt, completion, folder):
    """Return the tokens that TRL trains on, and from where on they are learnt."""
    trainer = CompletionTrainer(
        model=model,
        args=SFTConfig(str(folder), bf16=False, use_cpu=True, report_to="none", max_length=None),
        train_dataset=Dataset.from_list([{"prompt": prompt, "completion": completion}]),
        processing_class=tokenizer,
    )
    (row,) = trainer.train_dataset
    learnt = [place for place, label in enumerate(row["labels"]) if label != -100]
    return row["input_ids"], learnt[0]


def scored(model, tokenizer, context, answer):
    return SharedPromptLM(model, tokenizer=tokenizer)._encode_pair(context, answer)


def test_a_plain_prompt_is_trained_as_it_is_scored(random_model, any_tokenizer, tmp_path):
    model = random_model("llama")
    context, answer = scored(model, any_tokenizer, "Question: what?\nAnswer:", " a Pod")
    ids, start = trained_on(model, any_tokenizer, "Question: what?\nAnswer:", " a Pod", tmp_path)
    assert ids == [*context, *answer, EOS]
    assert start == len(context)


def test_a_chat_prompt_is_trained_as_it_is_scored_with_one_bos(random_model, any_tokenizer, tmp_path):
    model = random_model("llama")
    messages = [{"role": "user", "content": "what?"}]
    asked = HFLM(model, tokenizer=any_tokenizer).apply_chat_template(messages)
    context, answer = scored(model, any_tokenizer, asked.rstrip(), " a Pod")
    trained_prompt = chat_template(any_tokenizer)(messages).rstrip()
    ids, start = trained_on(model, any_tokenizer, trained_prompt, " a Pod", tmp_path)
    assert ids == [*context, *answer, EOS]
    assert ids.count(BOS) == 1
    assert start == len(context)
