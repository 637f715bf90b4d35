"""Which units of the feed-forward blocks fire otherwise after training, on texts of the domain and of others."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn
from transformers import PreTrainedModel

from harness.codec import encode
from harness.diagnostics._base import Subject
from harness.diagnostics.looks import seen
from harness.diagnostics.texts import OfTexts
from harness.errors import RecipeError
from harness.measured import ActivationShift, DomainActivations, MovedUnit
from harness.methods._base import base_of
from harness.methods.batches import Batch
from harness.model.decoder import layer_names
from harness.model.shapes import empty_model
from harness.records import Measurement
from harness.spec.records import Experiment

MOST = 20
"""Units that are named in the record; the arrays have all."""
_MODULES = ("transformers.activations", "torch.nn.modules.activation")
_MATRIX = 2


class Activations(OfTexts[Tensor]):
    """The share of units whose rate of firing moved, by layer and domain, and which they are.

    A unit fires at a token where the argument of its nonlinearity is positive; its rate is over the tokens of all texts
    of a domain, and it has moved where the rate differs from the base's by more than `by`. The one number is the share
    of all units in-domain.
    """

    name = "activations"

    def __init__(
        self,
        items: int = 8,
        tokens: int = 64,
        texts: Mapping[str, Sequence[str]] | None = None,
        by: float = 0.1,
    ) -> None:
        super().__init__(items, tokens, texts)
        self._by = by
        self._modules: tuple[str, ...] = ()

    def check(self, experiment: Experiment, config: Mapping[str, Any] | None) -> Iterator[str]:
        """Refuse a model whose layers have no one nonlinearity that every token passes."""
        del experiment
        if config is not None:
            try:
                nonlinearities(empty_model(config))
            except RecipeError as error:
                yield f"{error} Leave it out."

    def before(self, model: nn.Module, batch: Batch) -> None:
        """Find the base's nonlinearities, which an adapter may add to, and look at them."""
        self._modules = nonlinearities(base_of(model))
        super().before(model, batch)

    def after(self, subject: Subject) -> Measurement:
        """Compare, unit by unit."""
        tuned = self._look(subject.adapted.model)
        changes = {domain: rates - self._base[domain] for domain, rates in tuned.items()}
        moved = {domain: change.abs() > self._by for domain, change in changes.items()}
        domains = {
            domain: DomainActivations(
                texts=len(self._probes[domain]),
                tokens=sum(ids.shape[1] for ids in self._probes[domain]),
                units=moved[domain].numel(),
                moved=int(moved[domain].sum()),
                share=tuple(map(float, moved[domain].double().mean(dim=1))),
                most=tuple(_most(changes[domain], self._base[domain], self._by)),
            )
            for domain in tuned
        }
        inside = domains["in_domain"]
        arrays = {f"{domain}.base": rates for domain, rates in self._base.items()}
        arrays |= {f"{domain}.tuned": rates for domain, rates in tuned.items()}
        return Measurement(
            name=self.name,
            value=inside.moved / inside.units,
            details=encode(ActivationShift(by=self._by, domains=domains, shared=_shared([*moved.values()]))),
            arrays=subject.store(self.name, {key: each.float() for key, each in arrays.items()}),
        )

    def _look(self, model: PreTrainedModel) -> dict[str, Tensor]:
        """Return by domain the share of tokens at which each unit fires, (layers, units)."""
        return {
            domain: torch.cat([self._fires(model, ids) for ids in texts], dim=1).double().mean(dim=1)
            for domain, texts in self._probes.items()
        }

    def _fires(self, model: PreTrainedModel, ids: Tensor) -> Tensor:
        """Return where units fire over a text's own tokens, (layers, tokens, units)."""
        arguments = seen(model, self._modules, ids, lambda inputs, _: inputs[0])
        return torch.stack([each[-ids.shape[1] :] > 0 for each in arguments])


def nonlinearities(model: PreTrainedModel) -> tuple[str, ...]:
    """Return the name of each layer's nonlinearity. Raises `RecipeError` where a layer has not one for all tokens."""
    found = []
    for layer in layer_names(model):
        inside = model.get_submodule(layer)
        own = [name for name, each in inside.named_modules() if type(each).__module__ in _MODULES]
        if len(own) != 1 or any(weight.dim() > _MATRIX for weight in inside.parameters()):
            raise RecipeError(
                f"{type(model).__name__}: {layer} has not one feed-forward block with one nonlinearity that every "
                "token passes."
            )
        found.append(f"{layer}.{own[0]}")
    return tuple(found)


def _most(change: Tensor, base: Tensor, by: float) -> Iterator[MovedUnit]:
    """Yield the units that moved most, those of lower layers and numbers first among equals."""
    order = change.abs().flatten().sort(descending=True, stable=True).indices[:MOST]
    for place in map(int, order):
        layer, unit = divmod(place, change.shape[1])
        before, moved = float(base[layer, unit]), float(change[layer, unit])
        if abs(moved) > by:
            yield MovedUnit(layer=layer, unit=unit, base=before, tuned=before + moved)


def _shared(moved: Sequence[Tensor]) -> float | None:
    """Return how many units moved in every domain, as a share of those that moved in any; None where none did."""
    every, some = torch.stack([*moved]).all(dim=0).sum(), torch.stack([*moved]).any(dim=0).sum()
    return float(every / some) if some else None
