"""Which weights decide what enters a decoder layer, as a digest: models that share them share what enters it."""

import hashlib
import json
from collections.abc import Collection, Mapping
from typing import Any

import torch
from torch import Tensor
from transformers import PreTrainedModel

from harness.model.decoder import layer_names, layer_of
from harness.model.devices import machine

_WRAPPED = ("base_layer", "original_module", "modules_to_save")
"""Parts of the names of what takes the place of a module of the base."""

_SETTINGS = ("use_cache", "_name_or_path", "transformers_version")
"""What a trainer or a loader sets in a configuration, beside the numbers of special tokens."""

_DIGITS = 32


def digests_below(model: PreTrainedModel, layers: Collection[int]) -> dict[int, str]:
    """Return for each of the `layers` a SHA-256 of the weights and the configuration that decide what enters it.

    `model` is a transformers model, adapted in place or not. Its output head has no say unless it is the embedding.
    """
    names = layer_names(model)
    outside: list[tuple[str, Tensor]] = []
    inside: dict[int, list[tuple[str, Tensor]]] = {}
    for name, value in _weights(model).items():
        place = layer_of(name, names)
        (outside if place is None else inside.setdefault(place, [])).append((name, value))
    seen = hashlib.sha256(_configuration(model).encode())
    found = {}
    for number in range(max(layers, default=-1) + 1):
        _add(seen, outside if number == 0 else inside.get(number - 1, []))
        if number in layers:
            found[number] = seen.hexdigest()
    return found


def prefix_keys(model: PreTrainedModel, layers: Collection[int], *, autocast: str | None) -> dict[int, str]:
    """Return by layer the name of what enters it: by the weights below, and by what rounds in computing with them.

    `autocast` is the dtype of products where that is not the weights'.
    """
    said = json.dumps({**machine(str(model.device)), "autocast": autocast}, sort_keys=True).encode()
    return {
        layer: f"{hashlib.sha256(said + below.encode()).hexdigest()[:_DIGITS]}-{layer}"
        for layer, below in digests_below(model, layers).items()
    }


def batch_digest(*parts: Tensor) -> str:
    """Return a name for a batch: the digest of all that the model reads, shapes included."""
    seen = hashlib.sha256()
    for part in parts:
        seen.update(f"{part.dtype} {tuple(part.shape)}".encode())
        seen.update(bytes_of(part))
    return seen.hexdigest()[:_DIGITS]


def adapted_below(model: PreTrainedModel, layer: int) -> str | None:
    """Return the name of a module that decides what enters a layer and is not the base's own, None where none is."""
    names = layer_names(model)
    for name in _weights(model):
        place = layer_of(name, names)
        if (place is None or place < layer) and any(part in _WRAPPED for part in name.split(".")):
            return name.rpartition(".")[0]
    return None


def _weights(model: PreTrainedModel) -> Mapping[str, Any]:
    """Return the model's tensors by name, without those of an output head of its own."""
    head, embedding = model.get_output_embeddings(), model.get_input_embeddings()
    tied = head is not None and getattr(head, "weight", None) is getattr(embedding, "weight", None)
    own = next((name for name, module in model.named_modules() if module is head), None) if not tied else None
    return {
        name: value
        for name, value in model.state_dict().items()
        if isinstance(value, Tensor) and not (own and name.startswith(f"{own}."))
    }


def _configuration(model: PreTrainedModel) -> str:
    kept = {
        name: value
        for name, value in model.config.to_dict().items()
        if name not in _SETTINGS and not name.endswith("token_id")
    }
    attention = getattr(model.config, "_attn_implementation", None)
    return json.dumps([type(model).__name__, attention, kept], sort_keys=True, default=str)


def _add(seen: Any, tensors: list[tuple[str, Tensor]]) -> None:
    for name, value in tensors:
        seen.update(f"{name} {value.dtype} {tuple(value.shape)}".encode())
        seen.update(bytes_of(value))


def bytes_of(value: Tensor) -> memoryview:
    """Return a tensor's bytes, whatever its dtype and device."""
    plain = value.detach().cpu().contiguous().reshape(-1)
    return plain.view(torch.uint8).numpy().data
