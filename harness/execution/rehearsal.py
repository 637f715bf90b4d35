"""An adapter made twice, on two fresh models, so that it can be said that its start follows the seed.

The first one is let go of before the second is loaded: no more than one model lies in memory. What the first read
data for, which layers to adapt, the second takes over.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

from harness import adaptation
from harness.adaptation import Adapted, Probe
from harness.spec.records import Layers, Recipe


@dataclass(frozen=True, slots=True, kw_only=True)
class Rehearsal:
    """What the first adapter was: the digest of its first values, its layers, and what finding them took."""

    start: str
    layers: tuple[int, ...]
    probes: tuple[Probe, ...]

    @classmethod
    def of(cls, first: Adapted) -> "Rehearsal":
        """Note what a model just adapted is."""
        return cls(start=adaptation.check.start_digest(first), layers=first.layers, probes=first.probes)

    def repeat(self, recipe: Recipe, adapted_to: Callable[[Recipe], Adapted]) -> Adapted:
        """Adapt another model alike; `adapted_to` does so with the recipe that it is given."""
        if not self.probes:
            return adapted_to(recipe)
        found = replace(recipe, layers=Layers(strategy="list", indices=self.layers))
        again = adapted_to(found)
        return replace(again, recipe=replace(again.recipe, layers=recipe.layers), probes=self.probes)


def is_rehearsed(recipe: Recipe) -> bool:
    """Tell whether the start is drawn, and can be drawn twice without reading the training data twice."""
    if recipe.peft is None and recipe.bottleneck is None:
        return False
    return not adaptation.starts_from_data(recipe)
