"""What the matrices of a decoder layer do, whatever the architecture calls them.

A layer has an attention block, of queries, keys, values (`q`, `k`, `v`) and an output (`o`), and a feed-forward block,
of `up` and `down` and often a `gate`. Some architectures hold several of them in one matrix, and mixtures of experts
hold those of all experts in one parameter.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from torch import nn
from transformers import PreTrainedModel

from harness.model.decoder import LINEAR, layer_names, layer_of

ATTENTION = ("self_attn", "attention", "self_attention", "attn")
FEEDFORWARD = ("mlp", "feed_forward", "ffn", "block_sparse_moe")
"""What architectures call a layer's two blocks."""

Block = Literal["attention", "mlp", "router", "other"]

_IN_ATTENTION: Mapping[str, str] = {
    "q_proj": "q", "query": "q", "q_attn": "q", "q_a_proj": "q", "q_b_proj": "q",
    "k_proj": "k", "key": "k",
    "v_proj": "v", "value": "v",
    "o_proj": "o", "out_proj": "o", "dense": "o", "c_proj": "o",
    "kv_proj": "k v", "kv_a_proj_with_mqa": "k v", "kv_b_proj": "k v",
    "qkv_proj": "q k v", "query_key_value": "q k v", "c_attn": "q k v", "Wqkv": "q k v", "W_pack": "q k v",
}  # fmt: skip
_IN_FEEDFORWARD: Mapping[str, str] = {
    "gate_proj": "gate", "w1": "gate",
    "up_proj": "up", "w3": "up", "fc_in": "up", "fc1": "up", "c_fc": "up", "dense_h_to_4h": "up",
    "down_proj": "down", "w2": "down", "fc_out": "down", "fc2": "down", "c_proj": "down", "dense_4h_to_h": "down",
    "gate_up_proj": "gate up", "input_linear": "gate up", "output_linear": "down",
}  # fmt: skip
ROUTERS = ("gate", "router", "shared_expert_gate")
EXPERTS_DIMENSIONS = 3
"""Dimensions of a parameter that holds one matrix for each expert."""


@dataclass(frozen=True, slots=True)
class Projection:
    """A matrix of a decoder layer: its block, and its parts (none where the name is unknown).

    `name` is a linear module's. With `experts` it is the name of a parameter that holds one matrix for each expert.
    """

    name: str
    block: Block
    parts: frozenset[str]
    experts: bool = False


def projections(
    model: PreTrainedModel, modules: Iterable[tuple[str, nn.Module]], known: Mapping[str, str]
) -> Iterator[Projection]:
    """Yield the matrices of the decoder layers, in the model's order.

    `modules` are the model's modules by name, as they are without adapters; `known` are the parts (`q k v`) of
    attention matrices whose names say nothing. Raises `RecipeError` for a model without decoder layers.
    """
    layers = layer_names(model)
    for name, module in modules:
        layer = layer_of(name, layers)
        if layer is None or name == layers[layer]:
            continue
        inside = name[len(layers[layer]) + 1 :]
        if isinstance(module, LINEAR):
            yield _linear(name, inside, module, known)
        elif _block(inside) == "mlp":
            yield from _of_experts(name, inside, module)


def normalisations(model: PreTrainedModel, modules: Iterable[tuple[str, nn.Module]]) -> Iterator[str]:
    """Yield the names of the norms between the blocks of the decoder layers that have weights."""
    layers = layer_names(model)
    for name, module in modules:
        weighted = any(True for _ in module.parameters(recurse=False))
        if weighted and name.rpartition(".")[0] in layers and "norm" in type(module).__name__.lower():
            yield name


def _linear(name: str, inside: str, module: nn.Module, known: Mapping[str, str]) -> Projection:
    last, block = inside.rpartition(".")[2], _block(inside)
    if block == "attention":
        return Projection(name, block, _parts(_IN_ATTENTION.get(last) or known.get(last, "")))
    if block == "mlp":
        return Projection(name, block, _parts(_IN_FEEDFORWARD.get(last) or _by_shape(module)))
    return Projection(name, block, frozenset())


def _of_experts(name: str, inside: str, module: nn.Module) -> Iterator[Projection]:
    for own, weight in module.named_parameters(recurse=False):
        if weight.dim() == EXPERTS_DIMENSIONS:
            last = inside.rpartition(".")[2] if own == "weight" else own
            yield Projection(f"{name}.{own}", "mlp", _parts(_IN_FEEDFORWARD.get(last, "up")), experts=True)


def _block(inside: str) -> Block:
    """Return the block of a module by its name within the layer."""
    *path, last = inside.split(".")
    if last in ROUTERS:
        return "router"
    if any("attn" in each or "attention" in each for each in path):
        return "attention"
    feedforward = any(each in FEEDFORWARD or "mlp" in each or "expert" in each for each in (*path, last))
    return "mlp" if feedforward or last in _IN_FEEDFORWARD else "other"


def _by_shape(module: nn.Module) -> str:
    """Return the part of a feed-forward matrix of unknown name: the one that makes its input narrower leads out."""
    narrower = getattr(module, "out_features", 0) < getattr(module, "in_features", 0)
    return "down" if narrower else "up"


def _parts(words: str) -> frozenset[str]:
    return frozenset(words.split())
