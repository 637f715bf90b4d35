"""Which models share prompts, by configuration; a tokenizer may open a text with a special token, not close it."""

import pytest
from tokenizers.processors import TemplateProcessing
from transformers import AutoTokenizer

from harness.errors import SourceError
from harness.evaluation import evaluate
from harness.evaluation.support import check_tokenizer, unsupported
from harness.spec.records import EvaluationOptions, Suite


def test_an_ordinary_decoder_has_no_unsupported(random_model):
    assert unsupported(random_model("llama"), longest=10_000) is None


def test_a_window_is_no_obstacle_where_it_holds_the_longest_row(random_model):
    model = random_model("mistral", sliding_window=64)
    assert unsupported(model, longest=64) is None
    assert unsupported(model, longest=65) == "attention window of 64 tokens, longest row 65"


def test_a_declared_but_unused_window_is_no_unsupported(random_model):
    model = random_model("qwen2", sliding_window=64, use_sliding_window=False)
    assert unsupported(model, longest=1000) is None


@pytest.mark.parametrize("kind", ["flash_attention_2", "flex_attention"])
def test_attention_without_a_block_mask_is_named(kind, random_model):
    model = random_model("llama")
    model.config._attn_implementation_internal = kind
    assert unsupported(model, longest=10) == f"{kind} attention takes no block mask"


def test_layers_of_an_unknown_kind_are_named(random_model):
    model = random_model("qwen3")
    model.config.layer_types = ["full_attention", "linear_attention", "full_attention"]
    assert unsupported(model, longest=10) == "layers of type linear_attention"


def test_rotary_positions_that_follow_the_batch_are_named(random_model):
    parameters = {"rope_type": "dynamic", "factor": 2.0, "rope_theta": 10000.0}
    model = random_model("llama", rope_parameters=parameters)
    assert unsupported(model, longest=10) == "dynamic rotary positions depend on the batch"


def test_an_encoder_decoder_is_named():
    from transformers import T5Config, T5ForConditionalGeneration

    config = T5Config(vocab_size=30, d_model=8, d_kv=4, d_ff=8, num_layers=1, num_heads=2)
    assert unsupported(T5ForConditionalGeneration(config), longest=10) == "encoder-decoder model"


@pytest.fixture
def written_as(tiny_tokenizer_folder):
    def make(single):
        tokenizer = AutoTokenizer.from_pretrained(tiny_tokenizer_folder)
        tokenizer.backend_tokenizer.post_processor = TemplateProcessing(
            single=single, special_tokens=[("<bos>", 1), ("<eos>", 2)]
        )
        return tokenizer

    return make


@pytest.mark.parametrize("single", ["$A", "<bos> $A"])
def test_nothing_or_an_opening_token_is_fine(single, written_as):
    check_tokenizer(written_as(single))


@pytest.mark.parametrize("single", ["$A <eos>", "<bos> $A <eos>"])
def test_a_closing_token_is_refused_by_name(single, written_as):
    with pytest.raises(SourceError, match=r"ends every text with '<eos>'.*add_eos_token"):
        check_tokenizer(written_as(single))


def test_scoring_with_a_closing_token_is_refused_before_the_task_is_loaded(random_model, written_as, tmp_path):
    suite = Suite(task="no_such_task", role="in_domain", metric="acc")
    with pytest.raises(SourceError, match="ends every text"):
        evaluate(random_model("llama"), written_as("$A <eos>"), suite, folder=tmp_path, options=EvaluationOptions())
