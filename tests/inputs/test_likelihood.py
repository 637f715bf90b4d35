"""How likely a base finds prompts is what a plain forward says, text by text."""

import math

import pytest

pytest.importorskip("torch")

import torch
from transformers import AutoTokenizer

from harness.inputs.likelihood import rated
from harness.sources.models import Loaded
from harness.testing.tiny import tiny_model, write_tiny_tokenizer

pytestmark = pytest.mark.run


@pytest.fixture(scope="module")
def loaded(tmp_path_factory):
    folder = write_tiny_tokenizer(tmp_path_factory.mktemp("tokenizer"))
    return Loaded(tiny_model(), AutoTokenizer.from_pretrained(folder))


def alone(loaded, text):
    ids = torch.tensor(
        [[loaded.tokenizer.bos_token_id, *loaded.tokenizer(text, add_special_tokens=False)["input_ids"]]]
    )
    with torch.no_grad():
        loss = loaded.model(input_ids=ids, labels=ids).loss
    return float(loss) * (ids.shape[1] - 1) / math.log(2) / len(text.encode())


def test_each_text_is_rated_as_if_it_were_alone(loaded):
    texts = ["how?", "a much longer prompt than that", *["x" * k for k in range(1, 9)]]
    tokens, bits = rated(loaded, texts)
    assert list(tokens) == [len(text) for text in texts]
    assert list(bits) == pytest.approx([alone(loaded, text) for text in texts], rel=1e-5)


def test_of_a_text_beyond_the_window_the_beginning_is_rated(loaded):
    tokens, bits = rated(loaded, ["z" * 400, "z" * 255])
    assert list(tokens) == [400, 255]
    assert bits[0] == pytest.approx(bits[1], rel=1e-6)
