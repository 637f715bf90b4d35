"""What the diagnostics that read fixed texts have in common: which texts, and a look at the base to compare with."""

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from typing import Generic, TypeVar

from torch import nn
from transformers import PreTrainedModel

from harness.diagnostics._base import Diagnostic, ProbeRequest, Probes, Texts
from harness.methods.batches import Batch
from harness.spec.records import Recipe

Found = TypeVar("Found")
"""What is found in a model with the texts of one domain."""


class OfTexts(Diagnostic, Generic[Found]):
    """Looks at the base before training and at the trained model after it, with the same texts of each domain.

    `items` prompts of each domain's suites, or the `texts` given for it; of each the first `tokens` tokens.
    """

    def __init__(self, items: int = 8, tokens: int = 64, texts: Mapping[str, Sequence[str]] | None = None) -> None:
        self._request = ProbeRequest(items=items, tokens=tokens, texts=texts or {})
        self._probes: Texts = {}
        self._base: dict[str, Found] = {}

    def asks_for(self) -> ProbeRequest:
        """Return the texts of each domain."""
        return self._request

    def begin(self, whole: Recipe, recipe: Recipe, probes: Probes) -> None:
        """Keep the texts."""
        del whole, recipe
        self._probes = probes.texts

    def before(self, model: nn.Module, batch: Batch) -> None:
        """Look at the base."""
        del batch
        self._base = self._look(model)

    @abstractmethod
    def _look(self, model: PreTrainedModel) -> dict[str, Found]:
        """Return what is found in the model, by domain."""
