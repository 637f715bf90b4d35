"""How fast this machine is at this model's shape, from a few seconds of two layers of it, its head and AdamW.

Measuring takes as long as the shape is large, and so much memory: of a model of 72 billion parameters many minutes and
14 GB. Beyond `MOST` products the speed is that of a reference shape, measured, times how many more weights a token
meets: a product's rate hardly depends on its size where its matrices are larger than caches.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import nn
from torch.nn import functional
from transformers import AutoModelForCausalLM

from harness.model.counting import largest_layer, weights_met
from harness.model.devices import device_kind, synchronize
from harness.model.shapes import known_config

LAYERS = 2
ROWS, LENGTH = 4, 96
REPEATS = 3
VOCABULARY = 256
COMPLETION = 64
PARAMETERS = 2**23
"""More than the processor's caches hold, as those of a model are."""

REFERENCE: Mapping[str, Any] = {
    "model_type": "llama",
    "hidden_size": 1024,
    "intermediate_size": 2816,
    "num_hidden_layers": LAYERS,
    "num_attention_heads": 16,
    "num_key_value_heads": 8,
    "vocab_size": 32000,
}
"""What stands for shapes that are not measured themselves."""
MOST = 1.2e10
"""Multiplications by a weight in one forward pass of the measurement, beyond which a shape is not measured on a CPU."""
MOST_ON_ACCELERATOR = 1e12


@dataclass(frozen=True, slots=True)
class Speed:
    """Seconds a token spends in one part of the model: forward, backward to the input, and backward to the weights."""

    forward: float
    backward_input: float
    backward_weights: float

    def times(self, factor: float) -> "Speed":
        """Return the speed of a part of `factor` times as many weights."""
        return Speed(self.forward * factor, self.backward_input * factor, self.backward_weights * factor)


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibration:
    """One decoder layer, the output head with its loss, and AdamW's seconds a parameter that it moves."""

    layer: Speed
    head: Speed
    optimizer: float


def measure(config: Mapping[str, Any], device: str) -> Calibration:
    """Measure the best of a few repeats on randomly initialised parts with the model's own shape."""
    return Calibration(layer=_layer(config, device), head=_head(config, device), optimizer=_optimizer(device))


def is_measurable(config: Mapping[str, Any], device: str) -> bool:
    """Tell whether the shape of `config` is small enough to be measured itself."""
    _, largest, _ = largest_layer(config)
    _, head = weights_met(config)
    most = MOST if device_kind(device) == "cpu" else MOST_ON_ACCELERATOR
    return LAYERS * ROWS * LENGTH * largest + COMPLETION * head <= most


def scaled(reference: Calibration, config: Mapping[str, Any]) -> Calibration:
    """Return the speed at the shape of `config` by that at `REFERENCE` and the weights that a token meets in both."""
    (layer, head), (layer_there, head_there) = weights_met(config), weights_met(REFERENCE)
    return replace(
        reference,
        layer=reference.layer.times(layer / layer_there),
        head=reference.head.times(head / head_there),
    )


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
