"""The floor's operations beside those that torch counts."""

import pytest
import torch
from torch.utils.flop_counter import FlopCounterMode
from transformers import AutoModelForCausalLM, LlamaConfig

from benchmarks.floor import counting
from harness.evaluation.batching import SharedRow
from harness.testing.tiny_spec import CONFIG


@pytest.fixture(scope="module")
def model():
    torch.manual_seed(0)
    return AutoModelForCausalLM.from_config(LlamaConfig(**CONFIG), attn_implementation="eager")


def counted(model, *, tokens, backward):
    ids = torch.arange(2, 2 + tokens)[None]
    with FlopCounterMode(display=False) as counter:
        output = model(input_ids=ids, use_cache=False)
        if backward:
            output.logits.sum().backward()
    return counter.get_total_flops()


def test_a_forward_pass_is_what_torch_counts_with_every_pair(model):
    # Eager attention multiplies all pairs, those that are masked too.
    read = counting.Read(tokens=11, pairs=121, predicted=11)
    assert counting.forward(read, counting.sizes(model)) == counted(model, tokens=11, backward=False)


def test_what_is_below_the_lowest_layer_is_left_out_and_the_head_is_not():
    sizes = counting.Sizes(layers=4, inside=100, queries=10, head=1000)
    read = counting.Read(tokens=5, pairs=15, predicted=2)
    head = 2.0 * 2 * 1000
    whole, half = (counting.forward(read, sizes, lowest=lowest) for lowest in (0, 2))
    assert half - head == pytest.approx((whole - head) / 2)


def test_full_training_is_what_torch_counts_with_every_pair(model):
    sizes = counting.sizes(model)
    read = counting.Read(tokens=7, pairs=49, predicted=7)
    needed = counting.training(read, sizes, a_token=6.0 * sizes.inside * sizes.layers, lowest=0, head_trains=True)
    assert needed == counted(model, tokens=7, backward=True)


def test_options_see_the_opening_their_prompt_and_themselves():
    row = SharedRow(prompt=[1, 2, 3], options=([4, 5], [6, 7, 8]), requests=(0, 1))
    read = counting.read_by_scoring([row], opening=10)
    opening, prompt, options = 55, 3 * 10 + 6, (10 + 3 + 1) + (2 * (10 + 3) + 3)
    assert (read.tokens, read.pairs, read.predicted) == (10 + 6, opening + prompt + options, 1 + 3)


def test_rows_are_read_one_by_one():
    read = counting.read_by_training([(4, 1), (2, 1)])
    assert (read.tokens, read.pairs, read.predicted) == (6, 10 + 3, 2)
