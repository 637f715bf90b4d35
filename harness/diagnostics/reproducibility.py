"""Whether what should follow the seed does: an adapter's start, the order of the examples; and that losses are numbers.

An adapter is made twice, on two fresh models, so that it can be said that its start follows the seed. The first one is
let go of before the second is loaded: no more than one model lies in memory. What the first read data for, which layers
to adapt, the second takes over.
"""

import math
from dataclasses import dataclass, replace

from harness.diagnostics._base import Diagnostic, Subject
from harness.diagnostics.weights import start_digest
from harness.methods._base import Adapted
from harness.methods.traits import traits
from harness.records import Measurement, Probe
from harness.spec.records import Layers, Recipe
from harness.training import Trained


class StartFollowsSeed(Diagnostic):
    """The adapter's first values, compared with those of one made on another fresh model with the same seed."""

    name = "start_follows_seed"

    def after(self, subject: Subject) -> Measurement:
        """Compare the digests."""
        return start_follows_seed(subject.start_sha256, subject.first_start_sha256)


class OrderFollowsSeed(Diagnostic):
    """The order of the examples, compared with one drawn anew from the seed alone."""

    name = "order_follows_seed"

    def after(self, subject: Subject) -> Measurement:
        """Compare them."""
        return order_follows_seed(subject.trained)


class LossFinite(Diagnostic):
    """The loss of every step was taken and is a number; one that is not has ended the run before."""

    name = "loss_finite"

    def after(self, subject: Subject) -> Measurement:
        """Count the losses."""
        return loss_finite(subject.trained)


def start_follows_seed(start: str, first: str | None) -> Measurement:
    """Compare the digest of an adapter's first values with that of the `first` one made, None where none was."""
    if first is None:
        why = {"reason": "nothing is drawn, or data are read"}
        return Measurement(name=StartFollowsSeed.name, passed=None, details=why)
    return Measurement(name=StartFollowsSeed.name, passed=first == start)


def order_follows_seed(trained: Trained) -> Measurement:
    """Compare the order of the examples with the one drawn again, as far as that goes."""
    passed = trained.order[: len(trained.drawn_again)] == trained.drawn_again
    return Measurement(name=OrderFollowsSeed.name, passed=passed, details={"batches": len(trained.drawn_again)})


def loss_finite(trained: Trained) -> Measurement:
    """See that there is a loss a step and that each is a number."""
    passed = len(trained.losses) == trained.steps and all(map(math.isfinite, trained.losses))
    return Measurement(name=LossFinite.name, passed=passed, details={"steps": trained.steps})


@dataclass(frozen=True, slots=True, kw_only=True)
class FirstStart:
    """What the adapter made first was: the digest of its first values, its layers, and what finding them took."""

    sha256: str
    layers: tuple[int, ...]
    probes: tuple[Probe, ...]

    @classmethod
    def of(cls, first: Adapted) -> "FirstStart":
        """Note what a model just adapted is."""
        return cls(sha256=start_digest(first), layers=first.layers, probes=first.probes)

    def recipe_again(self, recipe: Recipe) -> Recipe:
        """Return the recipe that adapts another model alike without reading data for its layers a second time."""
        return replace(recipe, layers=Layers(strategy="list", indices=self.layers)) if self.probes else recipe

    def as_declared(self, again: Adapted, recipe: Recipe) -> Adapted:
        """Return the second adapter with the layers as `recipe` declares them and what finding them took."""
        if not self.probes:
            return again
        return replace(again, recipe=replace(again.recipe, layers=recipe.layers), probes=self.probes)


def is_made_twice(recipe: Recipe) -> bool:
    """Tell whether the start is drawn, and can be drawn twice without reading the training data twice."""
    known = traits(recipe)
    return known.draws_start and not known.starts_from_data and not recipe.continues
