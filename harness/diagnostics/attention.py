"""Where attention goes after training, and where it went before: distances of maps on fixed texts."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from scipy.special import entr, rel_entr
from torch import Tensor
from transformers import PreTrainedModel

from harness.codec import encode
from harness.diagnostics._base import Subject
from harness.diagnostics.looks import eager_attention, seen
from harness.diagnostics.texts import OfTexts
from harness.errors import RecipeError
from harness.measured import AttentionDrift, DomainAttention
from harness.methods._base import base_of
from harness.model.blocks import ATTENTION
from harness.model.decoder import layer_names
from harness.model.shapes import empty_model
from harness.records import Measurement
from harness.spec.records import Experiment

Array = npt.NDArray[np.float64]
Maps = Sequence[Tensor]
"""One text's maps by layer: the probabilities of each (heads, queries, keys)."""


class Attention(OfTexts[list[Maps]]):
    """The Jensen-Shannon distance of each head's attention maps from the base's, and the maps' entropy.

    Both are in bits, means over the queries of all texts but each text's first token, which can attend to nothing else.
    Virtual tokens are keys of which the base has none. Its one number is the mean distance in-domain.
    """

    name = "attention_drift"

    _usual = ""

    def check(self, experiment: Experiment, config: Mapping[str, Any] | None) -> Iterator[str]:
        """Refuse a model without one attention module a layer, or without maps."""
        del experiment
        if config is None:
            return
        model = empty_model(config)
        try:
            attention_modules(model)
            with eager_attention(model):
                pass
        except RecipeError as error:
            yield f"{error} Leave it out."

    def after(self, subject: Subject) -> Measurement:
        """Compare, head by head."""
        tuned = self._look(subject.adapted.model)
        arrays: dict[str, Tensor] = {}
        domains: dict[str, DomainAttention] = {}
        for domain, texts in tuned.items():
            base, tokens = self._base[domain], [ids.shape[1] for ids in self._probes[domain]]
            found = {
                "distance": _over_queries(map(_distances, base, texts, tokens)),
                "entropy_base": _over_queries(map(_entropies, base, tokens)),
                "entropy": _over_queries(map(_entropies, texts, tokens)),
            }
            arrays |= {f"{domain}.{key}": torch.from_numpy(each).float() for key, each in found.items()}
            domains[domain] = _summed_up(found, texts=len(texts), queries=sum(tokens) - len(tokens))
        inside = domains["in_domain"].distance
        return Measurement(
            name=self.name,
            value=sum(inside) / len(inside),
            details=encode(AttentionDrift(computed="eager", otherwise=self._usual, domains=domains)),
            arrays=subject.store(self.name, arrays),
        )

    def _look(self, model: PreTrainedModel) -> dict[str, list[Maps]]:
        modules = attention_modules(base_of(model))
        with eager_attention(model) as self._usual:
            return {
                domain: [seen(model, modules, ids, _probabilities_given) for ids in texts]
                for domain, texts in self._probes.items()
            }


def attention_modules(model: PreTrainedModel) -> tuple[str, ...]:
    """Return the name of each layer's attention module. Raises `RecipeError` where a layer has not just one."""
    found = []
    for layer in layer_names(model):
        own = [name for name, _ in model.get_submodule(layer).named_children() if name in ATTENTION]
        if len(own) != 1:
            raise RecipeError(f"{type(model).__name__}: {layer} has not one attention module that harness knows.")
        found.append(f"{layer}.{own[0]}")
    return tuple(found)


def _probabilities_given(_inputs: Any, output: Any) -> Tensor:
    """Return the maps that an attention module gives after its output, (1, heads, queries, keys)."""
    if not (isinstance(output, tuple) and len(output) > 1 and isinstance(output[1], Tensor)):
        raise RecipeError("attention_drift: the attention modules of this model give no maps. Leave it out.")
    return output[1]


def _distances(base: Maps, tuned: Maps, tokens: int) -> list[Array]:
    pairs = zip(base, tuned, strict=True)
    return [_distance(_probabilities(one, tokens), _probabilities(other, tokens)) for one, other in pairs]


def _entropies(maps: Maps, tokens: int) -> list[Array]:
    return [entr(_probabilities(each, tokens)).sum(axis=-1) / np.log(2) for each in maps]


def _probabilities(maps: Tensor, tokens: int) -> Array:
    """Return the rows of the text's own queries but the first, each summing to 1: (heads, queries, keys)."""
    rows: Array = maps[:, -tokens:][:, 1:].double().numpy()
    whole: Array = rows / rows.sum(axis=-1, keepdims=True)
    return whole


def _distance(base: Array, tuned: Array) -> Array:
    """Return the Jensen-Shannon distance, the root of the divergence in bits, of each query: (heads, queries)."""
    added = tuned.shape[-1] - base.shape[-1]
    padded = np.pad(base, ((0, 0), (0, 0), (added, 0)))
    middle = (padded + tuned) / 2
    divergence = (rel_entr(padded, middle) + rel_entr(tuned, middle)).sum(axis=-1) / (2 * np.log(2))
    distance: Array = np.sqrt(np.clip(divergence, 0.0, 1.0))
    return distance


def _over_queries(texts: Iterable[list[Array]]) -> Array:
    """Return the means over the queries of all texts, (layers, heads)."""
    return np.stack([np.concatenate(layer, axis=-1).mean(axis=-1) for layer in zip(*texts, strict=True)])


def _summed_up(found: Mapping[str, Array], *, texts: int, queries: int) -> DomainAttention:
    layer, head = np.unravel_index(int(found["distance"].argmax()), found["distance"].shape)
    means = {key: tuple(map(float, each.mean(axis=1))) for key, each in found.items()}
    return DomainAttention(
        texts=texts,
        queries=queries,
        distance=means["distance"],
        entropy_base=means["entropy_base"],
        entropy=means["entropy"],
        farthest=(int(layer), int(head)),
    )
