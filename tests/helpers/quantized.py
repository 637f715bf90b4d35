"""Models as they are loaded where a recipe quantizes the base, by kind."""

import torch
from transformers import AutoModelForCausalLM, BitsAndBytesConfig

KINDS = {
    "nf4": {"load_in_4bit": True, "bnb_4bit_quant_type": "nf4"},
    "fp4": {"load_in_4bit": True, "bnb_4bit_quant_type": "fp4"},
    "double": {"load_in_4bit": True, "bnb_4bit_quant_type": "nf4", "bnb_4bit_use_double_quant": True},
    "int8": {"load_in_8bit": True},
}


def loaded_as(kind, model, folder):
    """Save a model into a folder and return it as it is loaded with a kind of quantization, None for as it is."""
    model.save_pretrained(folder)
    extra = (
        {} if kind is None else {"quantization_config": BitsAndBytesConfig(**KINDS[kind]), "device_map": {"": "cpu"}}
    )
    return AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32, **extra)
