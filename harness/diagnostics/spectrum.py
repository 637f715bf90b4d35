"""Along which directions training changed the weights: how many, how even, and how far from the base's own."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from harness.codec import encode
from harness.diagnostics._base import Diagnostic, Probes, StoredCell, Subject
from harness.diagnostics.singular import Decomposed, decompose, effective_rank, intruders
from harness.diagnostics.subspaces import between
from harness.diagnostics.updates import Factors, differences, factors, matrices, matrix
from harness.errors import RecipeError
from harness.measured import ModuleSpectrum, Spectrum
from harness.methods.batches import Batch
from harness.methods.traits import traits
from harness.records import Measurement
from harness.spec.records import Experiment, Recipe


class Spectra(Diagnostic):
    """The singular values of each module's change: LoRA's product, else the tuned weights minus the base's.

    `top` values are kept with their vectors, of a difference no others are found. `leading` vectors of the tuned matrix
    are held against the base's, and one with no cosine of `below` or more is an intruder; 0 leaves that out. `recipes`
    names those that it is taken of, where not of all. Its one number is the mean effective rank.
    """

    name = "spectrum"

    def __init__(
        self, top: int = 16, leading: int = 10, below: float = 0.5, recipes: Sequence[str] | None = None
    ) -> None:
        self._top, self._leading, self._below, self._recipes = top, leading, below, recipes
        self._asked_of = False
        self._low_rank = False
        self._base: dict[str, Tensor] = {}

    def check(self, experiment: Experiment, config: Mapping[str, Any] | None) -> Iterator[str]:
        """Refuse recipes that change no weight matrix, and names of recipes that the experiment has not."""
        del config
        known = [recipe.id for recipe in experiment.recipes]
        for name in self._recipes or ():
            if name not in known:
                yield f"`options.recipes` names {name!r}. The experiment has: {', '.join(known)}."
        having = [recipe.id for recipe in experiment.recipes if not [*_without(recipe)]]
        remedy = f"Name those that have one in `options.recipes`: {', '.join(having)}." if having else "Leave it out."
        for recipe in experiment.recipes:
            if self._is_of(recipe.id):
                yield from (f"{recipe.id} has no spectrum: {why}. {remedy}" for why in _without(recipe))

    def begin(self, whole: Recipe, recipe: Recipe, probes: Probes) -> None:
        """Note whether it is taken of the recipe, and what the change of a weight is there."""
        del probes
        self._asked_of, self._low_rank = self._is_of(whole.id), traits(recipe).low_rank

    def before(self, model: nn.Module, batch: Batch) -> None:
        """Copy the base's matrices, where the change is their difference."""
        del batch
        if self._asked_of and not self._low_rank:
            self._base = matrices(model)

    def after(self, subject: Subject) -> Measurement:
        """Take the change of each module apart."""
        adapted = subject.adapted
        if not self._asked_of:
            return Measurement(name=self.name, details={"reason": "not among options.recipes"})
        changes = factors(adapted) if self._low_rank else differences(adapted, self._base)
        try:
            found = [self._look(subject, name, change) for name, change in changes]
        except RecipeError as error:  # a plug-in's method tells when it is asked to merge, and no sooner
            return Measurement(name=self.name, details={"reason": str(error)})
        modules = tuple(module for module, _ in found)
        spectrum = Spectrum(
            of="factors" if self._low_rank else "difference",
            exact=all(each.exact for _, each in found),
            top=self._top,
            leading=self._leading,
            below=self._below,
            modules=modules,
            decay=_decay([taken for _, taken in found], self._top),
        )
        return Measurement(
            name=self.name,
            value=sum(module.effective for module in modules) / len(modules) if modules else None,
            details=encode(spectrum),
            arrays=subject.store(self.name, dict(_arrays(found, self._top))),
        )

    @classmethod
    def across(cls, cells: Sequence[StoredCell]) -> Mapping[str, Measurement]:
        """Return the cosines between the directions of seeds of a recipe, and of recipes with one seed."""
        return between(cells, cls.name)

    def _is_of(self, recipe: str) -> bool:
        return self._recipes is None or recipe in self._recipes

    def _look(self, subject: Subject, name: str, change: Factors | Tensor) -> tuple[ModuleSpectrum, Decomposed]:
        taken = decompose(change, self._top)
        largest = float(taken.values[0]) if len(taken.values) else 0.0
        squares = taken.norm**2
        module = ModuleSpectrum(
            module=name,
            norm=taken.norm,
            largest=largest,
            effective=effective_rank(taken.values),
            stable=squares / largest**2 if largest else 0.0,
            share=min(1.0, float(taken.values[: self._top].square().sum()) / squares) if squares else 0.0,
            intruders=self._intruders(subject, name, change) if self._leading else None,
        )
        return module, taken

    def _intruders(self, subject: Subject, name: str, change: Factors | Tensor) -> int:
        base = self._base[name] if name in self._base else matrix(subject.adapted.model, name)
        full = change.product if isinstance(change, Factors) else change
        return intruders(base, full, leading=self._leading, below=self._below)


def _without(recipe: Recipe) -> Iterable[str]:
    """Yield why a recipe changes no weight matrix, or none whose change can be told apart."""
    for place, stage in enumerate(recipe.parts):
        known = traits(stage.recipe)
        where = f"stage {place + 1}, " if recipe.stages else ""
        if not known.merges:
            yield f"{where}{known.label} changes no weight matrix"
        elif place and recipe.parts[place - 1].then == "keep" and not known.low_rank:
            yield f"{where}{known.label} could only be merged together with the adapter that is kept beside it"


def _decay(found: Sequence[Decomposed], top: int) -> tuple[float, ...]:
    """Return the first `top` singular values over the largest, means over what changed; a low rank ends in zeros."""
    shares = [
        nn.functional.pad(taken.values[:top].float() / float(taken.values[0]), (0, max(0, top - len(taken.values))))
        for taken in found
        if len(taken.values) and float(taken.values[0])
    ]
    return tuple(torch.stack(shares).mean(dim=0).tolist()) if shares else ()


def _arrays(found: Sequence[tuple[ModuleSpectrum, Decomposed]], top: int) -> Iterator[tuple[str, Tensor]]:
    """Yield by module all values that were found, and the vectors of the first `top`."""
    for module, taken in found:
        yield f"{module.module}.values", taken.values.float()
        yield f"{module.module}.left", taken.left[:, :top].float()
        yield f"{module.module}.right", taken.right[:, :top].float()
    if not found:
        yield "none", torch.zeros(0)
