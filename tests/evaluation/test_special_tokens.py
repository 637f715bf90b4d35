"""A tokenizer may open a text with a special token, never close it with one."""

import pytest
from tokenizers.processors import TemplateProcessing
from transformers import AutoTokenizer

from harness.errors import SourceError
from harness.evaluation import evaluate
from harness.evaluation.special_tokens import refuse_a_closing_token
from harness.spec.records import EvaluationOptions, Suite


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
    refuse_a_closing_token(written_as(single))


@pytest.mark.parametrize("single", ["$A <eos>", "<bos> $A <eos>"])
def test_a_closing_token_is_refused_by_name(single, written_as):
    with pytest.raises(SourceError, match=r"ends every text with '<eos>'.*add_eos_token"):
        refuse_a_closing_token(written_as(single))


def test_scoring_with_a_closing_token_is_refused_before_the_task_is_loaded(random_model, written_as, tmp_path):
    suite = Suite(task="no_such_task", role="in_domain", metric="acc")
    with pytest.raises(SourceError, match="ends every text"):
        evaluate(random_model("llama"), written_as("$A <eos>"), suite, folder=tmp_path, options=EvaluationOptions())
