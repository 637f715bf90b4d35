"""How fast this machine is at this model's shape, from a few seconds of two layers of it."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import torch
from transformers import AutoConfig, AutoModelForCausalLM

LAYERS = 2
ROWS, LENGTH = 4, 96
REPEATS = 3
VOCABULARY = 256


@dataclass(frozen=True, slots=True)
class Speed:
    """Seconds a token spends in one decoder layer: forward, backward to the input, and backward to the weights."""

    forward: float
    backward_input: float
    backward_weights: float


def calibrate(config: Mapping[str, Any], device: str) -> Speed:
    """Measure the best of a few repeats on two randomly initialised layers with the model's own shape."""
    network = _two_layers(config).to(device)
    ids = torch.zeros((ROWS, LENGTH), dtype=torch.long, device=device)
    hidden = network.get_input_embeddings()(ids).detach().requires_grad_()

    def forward() -> torch.Tensor:
        output = getattr(network, network.base_model_prefix)(inputs_embeds=hidden, use_cache=False)
        return output.last_hidden_state.sum()

    def both() -> None:
        forward().backward()

    tokens = ROWS * LENGTH * LAYERS
    with torch.no_grad():
        once = _best(forward, device) / tokens
    network.requires_grad_(requires_grad=False)
    to_input = _best(both, device) / tokens
    network.requires_grad_(requires_grad=True)
    everything = _best(both, device) / tokens
    return Speed(once, max(to_input - once, 0.0), max(everything - to_input, 0.0))


def _two_layers(config: Mapping[str, Any]) -> Any:
    fields = {**config, "num_hidden_layers": LAYERS, "vocab_size": VOCABULARY}
    kind = fields.pop("model_type")
    for token in ("pad_token_id", "bos_token_id", "eos_token_id"):
        fields[token] = None  # the model's own lie outside the small vocabulary
    return AutoModelForCausalLM.from_config(AutoConfig.for_model(kind, **fields), dtype=torch.float32)


def _best(action: Callable[[], object], device: str) -> float:
    action()
    times = []
    for _ in range(REPEATS):
        start = time.perf_counter()
        action()
        if device == "cuda":
            torch.cuda.synchronize()
        times.append(time.perf_counter() - start)
    return min(times)
