"""A model of random weights, made where it is loaded: for speed tests and stand-ins."""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from transformers import AutoConfig, AutoModelForCausalLM, PreTrainedModel

from harness.errors import SourceError
from harness.sources.models._base import ModelSource
from harness.sources.models.code import check_config


class RandomSource(ModelSource):
    """`config` and `seed`, and a folder with a `tokenizer`; the same seed gives the same weights."""

    def fingerprint(self) -> str:
        """Hash config and seed."""
        fixed = json.dumps([self.declared.config, self.declared.seed], sort_keys=True)
        return hashlib.sha256(fixed.encode()).hexdigest()

    def is_local(self) -> bool:
        """Nothing is ever downloaded."""
        return True

    def folder(self) -> Path:
        """Raise `SourceError`: such a model lies nowhere."""
        raise SourceError("a random model is made where it is loaded, and lies in no folder.")

    def network(self, *, quantization: Mapping[str, Any] | None, device: str) -> PreTrainedModel:
        """Draw the weights; a `quantization` is left out, as there is nothing that it could be read from."""
        del quantization
        fields = dict(self.declared.config or {})
        check_config(fields, "the model's `config`")
        config = AutoConfig.for_model(fields.pop("model_type"), **fields)
        torch.manual_seed(int(self.declared.seed or 0))
        network = AutoModelForCausalLM.from_config(config, dtype=getattr(torch, self.declared.dtype)).to(device)
        network.name_or_path = network.config.name_or_path = self.declared.address
        return network
