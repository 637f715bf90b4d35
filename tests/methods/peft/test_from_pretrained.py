"""An adapter's folder loads with PEFT alone, its card beside it."""

import json

import pytest
import torch
from peft import PeftModel

from harness.ledger.artefacts import CARD
from harness.methods import store
from harness.methods.adapt import adapt
from harness.spec.records import Recipe

BLOCKS = {
    "lora": {"peft_type": "LORA", "r": 2, "target_modules": ["q_proj"]},
    "pissa": {"peft_type": "LORA", "r": 2, "target_modules": ["q_proj"], "init_lora_weights": "pissa"},
    "ia3": {"peft_type": "IA3", "target_modules": ["down_proj"], "feedforward_modules": ["down_proj"]},
    "prompt": {"peft_type": "PROMPT_TUNING", "num_virtual_tokens": 3},
}


@pytest.mark.parametrize("kind", BLOCKS)
def test_it_gives_the_logits_that_were_trained(kind, tiny, batches, tokenizer, tmp_path):
    recipe = Recipe(method=kind, name="x", peft={"task_type": "CAUSAL_LM", **BLOCKS[kind]})
    adapted = adapt(tiny(), recipe, seed=1, batches=batches, tokenizer=tokenizer)
    with torch.no_grad():
        for weight in adapted.model.parameters():
            if weight.requires_grad:
                weight.add_(0.05 * torch.randn(weight.shape, generator=torch.Generator().manual_seed(1)))
    store.save(adapted, tmp_path)
    assert not (tmp_path / CARD).exists()
    (tmp_path / CARD).write_text("---\nlibrary_name: peft\n---\n")
    again = PeftModel.from_pretrained(tiny(), str(tmp_path)).eval()
    ids = torch.arange(1, 9)[None, :]
    with torch.no_grad():
        expected, found = adapted.model.eval()(input_ids=ids).logits, again(input_ids=ids).logits
    torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-4)


def test_what_peft_holds_as_a_set_is_written_in_order(tiny, batches, tokenizer, tmp_path):
    names = ["v_proj", "down_proj", "q_proj", "up_proj", "o_proj", "k_proj", "gate_proj"]
    block = {"task_type": "CAUSAL_LM", "peft_type": "LORA", "r": 2, "target_modules": names}
    recipe = Recipe(method="lora", name="x", peft=block)
    adapted = adapt(tiny(), recipe, seed=1, batches=batches, tokenizer=tokenizer)
    store.save(adapted, tmp_path)
    written = json.loads((tmp_path / "adapter_config.json").read_text())["target_modules"]
    assert len(written) >= len(names)
    assert written == sorted(written)
