"""Adapters and checkpoints as scripts elsewhere leave them: trained by plain PEFT and torch, without harness."""

import torch
from peft import LoraConfig, get_peft_model
from transformers import AutoConfig, AutoModelForCausalLM

from harness.testing.tiny_spec import CONFIG


def base(config=CONFIG, seed=0):
    """Return the stand-in's base model: the same weights as `source: random` has for that seed."""
    fields = dict(config)
    torch.manual_seed(seed)
    return AutoModelForCausalLM.from_config(AutoConfig.for_model(fields.pop("model_type"), **fields))


def steps(model, seed, count=2):
    """Train on random tokens."""
    torch.manual_seed(seed)
    trained = [weight for weight in model.parameters() if weight.requires_grad]
    optimizer = torch.optim.AdamW(trained, lr=0.05)
    for _ in range(count):
        ids = torch.randint(3, CONFIG["vocab_size"], (2, 16))
        model(input_ids=ids, labels=ids).loss.backward()
        optimizer.step()
        optimizer.zero_grad()


def adapter(folder, seed, *, config=CONFIG, targets=("q_proj", "v_proj"), safe=True, **fields):
    """Train a LoRA on the stand-in and save it as PEFT does."""
    model = get_peft_model(base(config), LoraConfig(task_type="CAUSAL_LM", r=2, target_modules=list(targets), **fields))
    steps(model, seed)
    model.save_pretrained(folder)
    if not safe:
        torch.save({}, folder / "adapter_model.bin")
        (folder / "adapter_model.safetensors").unlink()
    return folder


def checkpoint(folder, seed, config=CONFIG):
    """Train all weights of the stand-in and save them as transformers does."""
    model = base(config)
    steps(model, seed)
    model.save_pretrained(folder)
    return folder
