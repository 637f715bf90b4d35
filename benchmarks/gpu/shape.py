"""The model that is timed: the shape of Llama-3.2-3B with random weights, or a smaller one, saved for every part."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from transformers import AutoConfig, AutoModelForCausalLM, PreTrainedModel, PreTrainedTokenizerBase

from harness import spec
from harness.model.precision import Dtype
from harness.sources import models
from harness.spec.records import Model

SPEC = "gap-llama-3.2-3b"
SEED = 20

SMALL = {"hidden_size": 256, "intermediate_size": 512, "num_hidden_layers": 2, "num_attention_heads": 4}
SMALL_TOO = {"num_key_value_heads": 2, "head_dim": 64, "vocab_size": 49152}


@dataclass(frozen=True)
class Shape:
    """A saved model and where it is used."""

    folder: Path
    device: str
    dtype: Dtype

    def declared(self) -> Model:
        """Return it as a spec would declare it."""
        return Model(source="path", path=str(self.folder), dtype=self.dtype)

    def load(self, quantization: Any = None) -> PreTrainedModel:
        """Load it as a cell does."""
        return models.load(self.declared(), quantization=quantization, device=self.device).model

    def tokenizer(self) -> PreTrainedTokenizerBase:
        """Return its tokenizer."""
        return models.tokenizer(self.declared())


def config(*, small: bool, layers: int | None) -> dict[str, Any]:
    """Return the fields of the shape: those that the spec for the three-billion model declares, or a small one's."""
    fields = dict(spec.load(SPEC).model.config or {})
    if small:
        fields |= SMALL | SMALL_TOO
    return fields if layers is None else fields | {"num_hidden_layers": layers}


def saved(fields: dict[str, Any], folder: Path, *, device: str, dtype: Dtype, tokenizer: Path | None) -> Shape:
    """Draw weights of the shape on the device and save them with a tokenizer, by default the embedded model's."""
    kind = fields["model_type"]
    rest = {name: value for name, value in fields.items() if name != "model_type"}
    torch.manual_seed(SEED)
    with torch.device(device):
        model = AutoModelForCausalLM.from_config(AutoConfig.for_model(kind, **rest), dtype=getattr(torch, dtype))
    model.save_pretrained(folder)
    words = Model(source="random", tokenizer=str(tokenizer)) if tokenizer else spec.load("gap").model
    models.tokenizer(words).save_pretrained(folder)
    return Shape(folder, device, dtype)
