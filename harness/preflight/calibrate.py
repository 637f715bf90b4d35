"""How fast this machine is at this model's shape, from a few seconds of two layers of it, its head and AdamW."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn
from torch.nn import functional
from transformers import AutoModelForCausalLM

from harness.model.devices import synchronize
from harness.model.shapes import known_config

LAYERS = 2
ROWS, LENGTH = 4, 96
REPEATS = 3
VOCABULARY = 256
COMPLETION = 64
PARAMETERS = 2**23
"""More than the processor's caches hold, as those of a model are."""


@dataclass(frozen=True, slots=True)
class Speed:
    """Seconds a token spends in one part of the model: forward, backward to the input, and backward to the weights."""

    forward: float
    backward_input: float
    backward_weights: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibration:
    """One decoder layer, the output head with its loss, and AdamW's seconds a parameter that it moves."""

    layer: Speed
    head: Speed
    optimizer: float


def measure(config: Mapping[str, Any], device: str) -> Calibration:
    """Measure the best of a few repeats on randomly initialised parts with the model's own shape."""
    return Calibration(layer=_layer(config, device), head=_head(config, device), optimizer=_optimizer(device))


def _layer(config: Mapping[str, Any], device: str) -> Speed:
    network = _two_layers(config).to(device)
    ids = torch.zeros((ROWS, LENGTH), dtype=torch.long, device=device)
    hidden = network.get_input_embeddings()(ids).detach().requires_grad_()

    def forward() -> torch.Tensor:
        output = getattr(network, network.base_model_prefix)(inputs_embeds=hidden, use_cache=False)
        return output.last_hidden_state.sum()

    return _speed(network, forward, ROWS * LENGTH * LAYERS, device)


def _head(config: Mapping[str, Any], device: str) -> Speed:
    """Measure the head on a few completion tokens: no other position is projected."""
    text = known_config(config).get_text_config()
    head = nn.Linear(text.hidden_size, text.vocab_size, bias=False, device=device)
    hidden = torch.zeros((COMPLETION, head.in_features), device=device, requires_grad=True)
    labels = torch.zeros(COMPLETION, dtype=torch.long, device=device)
    return _speed(head, lambda: functional.cross_entropy(head(hidden), labels), COMPLETION, device)


def _optimizer(device: str) -> float:
    weight = nn.Parameter(torch.zeros(PARAMETERS, device=device))
    weight.grad = torch.ones_like(weight)
    return _best(torch.optim.AdamW([weight], fused=True).step, device) / PARAMETERS


def _speed(module: nn.Module, forward: Callable[[], torch.Tensor], tokens: int, device: str) -> Speed:
    def both() -> None:
        forward().backward()

    with torch.no_grad():
        once = _best(forward, device) / tokens
    module.requires_grad_(requires_grad=False)
    to_input = _best(both, device) / tokens
    module.requires_grad_(requires_grad=True)
    everything = _best(both, device) / tokens
    return Speed(once, max(to_input - once, 0.0), max(everything - to_input, 0.0))


def _two_layers(config: Mapping[str, Any]) -> Any:
    small = known_config(config)
    small.num_hidden_layers, small.vocab_size = LAYERS, VOCABULARY
    # The model's own special tokens lie outside the small vocabulary.
    small.pad_token_id = small.bos_token_id = small.eos_token_id = None
    return AutoModelForCausalLM.from_config(small, dtype=torch.float32)


def _best(action: Callable[[], object], device: str) -> float:
    action()
    synchronize(device)
    times = []
    for _ in range(REPEATS):
        start = time.perf_counter()
        action()
        synchronize(device)
        times.append(time.perf_counter() - start)
    return min(times)
