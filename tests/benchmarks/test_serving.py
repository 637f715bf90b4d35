"""What the serving benchmark times is right: the adapter that is switched to answers, and memory is the adapters'."""

import torch
from peft import PeftModel

from benchmarks.serving.adapters import (
    Latency,
    generated,
    held_bytes,
    load_all,
    mixed,
    prompts,
    separate,
    write_adapters,
)
from harness.testing.tiny import VOCABULARY, tiny_model


def logits(model, ids):
    with torch.inference_mode():
        return model(input_ids=ids).logits


def test_the_right_adapter_answers_after_a_switch_and_in_a_mixed_batch(tmp_path):
    paths = write_adapters(tiny_model(), tmp_path, rank=4, count=3)
    names = [path.name for path in paths]
    ids = prompts(VOCABULARY, 3)
    alone = {path.name: logits(PeftModel.from_pretrained(tiny_model(), path).eval(), ids) for path in paths}
    assert not torch.allclose(alone[names[0]], alone[names[1]])
    model = load_all(tiny_model(), paths, switches=7).model
    for name in (names[2], names[0], names[1], names[0]):
        model.set_adapter(name)
        assert torch.allclose(logits(model, ids), alone[name], atol=1e-5)
    order = [names[1], names[2], names[0]]
    wanted = torch.stack([alone[name][row] for row, name in enumerate(order)])
    assert torch.allclose(separate(model, ids, order), wanted, atol=1e-5)
    assert torch.allclose(mixed(model, ids, order), wanted, atol=1e-5)
    assert not torch.allclose(mixed(model, ids, names), wanted, atol=1e-5)


def test_memory_is_that_of_the_adapters_and_does_not_grow_over_switches(tmp_path):
    paths = write_adapters(tiny_model(), tmp_path, rank=4, count=4)
    one, four = (load_all(tiny_model(), paths[:count], switches=2) for count in (1, 4))
    on_queries, on_values = 4 * (64 + 64), 4 * (64 + 32)
    assert one.bytes == 4 * 4 * (on_queries + on_values)  # bytes a weight, layers
    assert four.bytes == 4 * one.bytes
    before = {name: weight.data_ptr() for name, weight in four.model.named_parameters()}
    for turn in range(12):
        four.model.set_adapter(paths[turn % 4].name)
    assert {name: weight.data_ptr() for name, weight in four.model.named_parameters()} == before
    assert held_bytes(four.model) == four.bytes


def test_a_cache_kept_over_a_switch_answers_wrongly_and_a_flushed_one_rightly(tmp_path):
    paths = write_adapters(tiny_model(), tmp_path, rank=4, count=2)
    model, ids = load_all(tiny_model(), paths, switches=0).model, prompts(VOCABULARY, 2)

    def cached():
        with torch.inference_mode():
            return model(input_ids=ids[:, :-1], use_cache=True).past_key_values

    def continued(cache):
        with torch.inference_mode():
            return model(input_ids=ids[:, -1:], past_key_values=cache).logits[:, -1]

    model.set_adapter(paths[0].name)
    kept = cached()
    model.set_adapter(paths[1].name)
    wanted = logits(model, ids)[:, -1]
    assert not torch.allclose(continued(kept), wanted, atol=1e-3)
    assert torch.allclose(continued(cached()), wanted, atol=1e-5)


def test_a_request_is_answered_by_as_many_tokens_as_are_counted():
    ids = prompts(VOCABULARY, 1)
    assert generated(tiny_model(), ids).shape == (1, ids.shape[1] + 16)


def test_quantiles_are_those_of_the_values():
    found = Latency.of([k / 100 for k in range(101)])
    assert (found.p50, found.p99) == (0.5, 0.99)
