"""Which layers data chose, how much of the gradient these hold, and whether other seeds, sizes and domains agree."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np

from harness.codec import decode, encode
from harness.diagnostics._base import Diagnostic, Probes, StoredCell, Subject
from harness.measured import ChoiceStability, LayerChoice, RankAgreement
from harness.methods.layers.choose import strategy
from harness.records import Measurement
from harness.spec.records import Data, Experiment, Recipe
from harness.statistics.agreement import between_seeds, over_seeds, spearman

STABILITY = "layer_choice_stability"

_Choices = Mapping[int, LayerChoice]
"""A recipe's choices by seed."""


class LayersChosen(Diagnostic):
    """What layers were ranked by and which were taken, by what a strategy that reads data noted of its ranking.

    Its one number is the share of the gradient's norms that the chosen layers hold. Over all cells it says how alike
    the rankings of a recipe's seeds are, and those of recipes that rank by other rows or more of them. It looks at
    nothing of the model and costs nothing.
    """

    name = "layer_choice"

    def __init__(self) -> None:
        self._rows = ""

    def check(self, experiment: Experiment, config: Mapping[str, Any] | None) -> Iterator[str]:
        """Refuse an experiment in which no layer is chosen by data."""
        del config
        declared = {part.recipe.layers.strategy for recipe in experiment.recipes for part in recipe.parts}
        if not any(strategy(each).reads_data for each in declared - {"all"}):
            yield "no recipe chooses layers by data. Leave it out, or add a recipe with the layer strategy `gradient`."

    def begin(self, whole: Recipe, recipe: Recipe, probes: Probes) -> None:
        """Note whose rows rank the layers."""
        del whole, probes
        data = recipe.layers.data
        self._rows = "training rows" if data is None else _named(data)

    def after(self, subject: Subject) -> Measurement:
        """Return the ranking that was noted."""
        ranked = [probe for probe in subject.adapted.probes if probe.scores]
        if not ranked:
            return Measurement(name=self.name, details={"reason": "no ranking of layers by data was noted"})
        (probe,) = ranked
        chosen = subject.adapted.layers
        choice = LayerChoice(
            rows=self._rows,
            batches=probe.batches,
            norms=probe.scores,
            chosen=chosen,
            share=min(1.0, sum(probe.scores[layer] for layer in chosen)),
        )
        return Measurement(name=self.name, value=choice.share, details=encode(choice))

    @classmethod
    def across(cls, cells: Sequence[StoredCell]) -> Mapping[str, Measurement]:
        """Return how alike the rankings are, of seeds of a recipe and of recipes with a seed."""
        found: dict[str, dict[int, LayerChoice]] = {}
        for cell in cells:
            measured = cell.result.training.measurements.get(cls.name)
            if measured is not None and "norms" in measured.details:
                choices = found.setdefault(cell.result.cell.recipe, {})
                choices[int(cell.result.cell.seed or 0)] = decode(LayerChoice, measured.details)
        agreements = tuple(_agreements(_told_apart(found)))
        if not agreements:
            return {}
        return {STABILITY: Measurement(name=STABILITY, details=encode(ChoiceStability(agreements=agreements)))}


def _named(data: Data) -> str:
    return data.task or data.id or (Path(data.path).name if data.path else data.source)


def _told_apart(found: Mapping[str, _Choices]) -> dict[str, _Choices]:
    """Return the first recipe of each ranking: those that differ in how many layers they take rank them alike."""
    kept: dict[str, _Choices] = {}
    for recipe, choices in found.items():
        norms = {seed: choice.norms for seed, choice in choices.items()}
        if norms not in [{seed: each.norms for seed, each in other.items()} for other in kept.values()]:
            kept[recipe] = choices
    return kept


def _agreements(found: Mapping[str, _Choices]) -> Iterator[RankAgreement]:
    for recipe, choices in found.items():
        yield from _of_seeds(recipe, choices)
    for one, other in combinations(found, 2):
        yield from _of_recipes((one, other), (found[one], found[other]))


def _of_seeds(recipe: str, choices: _Choices) -> Iterator[RankAgreement]:
    """Yield how alike a recipe's seeds rank, nothing where it has a single one."""
    seeds = list(choices)
    if len(seeds) > 1:
        matrix = np.array([[spearman(choices[one].norms, choices[other].norms) for other in seeds] for one in seeds])
        pairs = tuple(combinations(seeds, 2))
        places = [(seeds.index(one), seeds.index(other)) for one, other in pairs]
        values = tuple(float(matrix[place]) for place in places)
        yield _agreement((recipe, recipe), (choices, choices), pairs, values, between_seeds(matrix))


def _of_recipes(recipes: tuple[str, str], choices: tuple[_Choices, _Choices]) -> Iterator[RankAgreement]:
    """Yield how alike two recipes rank with the same seed, nothing where they share none or other models."""
    one, other = choices
    pairs = tuple((seed, seed) for seed in one if seed in other)
    if pairs:
        values = tuple(spearman(one[seed].norms, other[seed].norms) for seed, _ in pairs)
        yield _agreement(recipes, choices, pairs, values, over_seeds(values))


def _agreement(
    recipes: tuple[str, str],
    choices: tuple[_Choices, _Choices],
    pairs: tuple[tuple[int, int], ...],
    values: tuple[float, ...],
    interval: tuple[float, float] | None,
) -> RankAgreement:
    both = [(choices[0][one], choices[1][other]) for one, other in pairs]
    low, high = interval or (None, None)
    first, second = both[0]
    return RankAgreement(
        recipes=recipes,
        read=(_read(first), _read(second)),
        pairs=pairs,
        correlations=values,
        mean=sum(values) / len(values),
        low=low,
        high=high,
        in_common=sum(_in_common(*each) for each in both) / len(both),
        by_chance=max(len(first.chosen), len(second.chosen)) / len(first.norms),
    )


def _read(choice: LayerChoice) -> str:
    return f"{choice.rows}, {choice.batches} {'batch' if choice.batches == 1 else 'batches'}"


def _in_common(one: LayerChoice, other: LayerChoice) -> float:
    """Return the share of the layers of the smaller choice that both hold."""
    return len(set(one.chosen) & set(other.chosen)) / min(len(one.chosen), len(other.chosen))
