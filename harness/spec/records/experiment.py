"""The experiment as a whole."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from harness.codec import JSON
from harness.spec.existing import ExistingArm, Weights
from harness.spec.looks import resolved
from harness.spec.records.comparison import Comparison
from harness.spec.records.data import Data, RecipeData
from harness.spec.records.evaluation import Control, DiagnosticRequest, EvaluationOptions, Merge, Role, Suite
from harness.spec.records.execution import Execution
from harness.spec.records.model import Model
from harness.spec.records.recipe import Factors, Recipe, Stage
from harness.spec.records.search import EarlyStopping, RecipeSearch, Tune, TuneMetric, Validation


@dataclass(frozen=True, slots=True, kw_only=True)
class Experiment:
    """Everything `harness run` needs; what it was read from stands in `file` and `overrides`."""

    name: str
    description: str = ""
    model: Model
    seeds: tuple[int, ...]
    data: Data
    mix: tuple[Data, ...] = ()
    training: Mapping[str, JSON] = field(default_factory=dict)
    validation: Validation = Validation()
    early_stopping: EarlyStopping | None = None
    tune: Tune | None = None
    search: RecipeSearch | None = None
    recipes: tuple[Recipe, ...] = ()
    """Those that are listed, and behind them the variants of `factors`."""
    factors: Factors | None = None
    arms: tuple[ExistingArm, ...] = ()
    """Models that were trained elsewhere, scored beside the recipes or instead of them."""
    suites: tuple[Suite, ...]
    controls: tuple[Control, ...] = ()
    evaluation: EvaluationOptions = EvaluationOptions()
    comparison: Comparison
    merge: Merge = Merge()
    diagnostics: tuple[DiagnosticRequest, ...] = ()
    keep_weights: bool = False
    execute: Execution = Execution()
    cost: Mapping[str, float] = field(default_factory=dict)
    """Declared prices in any currency: ``per_hour`` of the machine, and the ``budget`` that there is."""
    file: Path
    include: tuple[Path, ...] = ()
    overrides: tuple[str, ...] = ()

    def training_of(self, recipe: Recipe) -> dict[str, JSON]:
        """Return the SFTConfig fields that a recipe trains with: its own replace the experiment's of the same name."""
        return {**self.training, **recipe.training}

    def start_of(self, recipe: Recipe, seed: int) -> Weights | None:
        """Return the adapter that a recipe starts from with a seed, None where that is the plain base."""
        if recipe.start is None:
            return None
        (arm,) = [each for each in self.arms if each.name == recipe.start.arm]
        return arm.by_seed(self.seeds)[seed]

    @property
    def arm_names(self) -> tuple[str, ...]:
        """Everything that has one run a seed: the recipes, and the arms that exist already."""
        return (*(recipe.id for recipe in self.recipes), *(arm.name for arm in self.arms))

    @property
    def decides_by(self) -> TuneMetric | None:
        """What trials are chosen by; None where nothing is searched for."""
        found = self.tune or self.search
        return None if found is None else found.metric

    @property
    def searches_alone(self) -> bool:
        """Whether there is a search and nothing after it: no cell is trained or scored."""
        return not self.seeds

    @property
    def looks(self) -> tuple[int, ...]:
        """The numbers of seeds at which the run is judged, the last being all; empty where it is its end alone."""
        return resolved(self.comparison.looks, len(self.seeds))

    def for_stage(self, stage: Stage) -> "Experiment":
        """Return the experiment as a stage sees it: with the data that trains it, and what is mixed into them."""
        own, mix = stage.data, stage.recipe.mix
        if mix is None:
            return self if own is None else replace(self, data=own, mix=())
        return replace(self, data=own or self.data, mix=mix)

    @property
    def validates(self) -> bool:
        """Whether every training takes its loss on the validation rows while it goes on."""
        return self.early_stopping is not None or self.validation.every is not None

    def suites_of(self, role: Role) -> tuple[Suite, ...]:
        """Return the suites that play one role."""
        return tuple(suite for suite in self.suites if suite.role == role)

    def sesoi_of(self, suite: Suite) -> float:
        """Return a suite's smallest effect of interest: its own, else the comparison's."""
        return self.comparison.sesoi if suite.sesoi is None else suite.sesoi

    @property
    def placebos(self) -> dict[str, str]:
        """By recipe that has one, the placebo: the recipe that trains as it does but for the answers."""
        alike = {_trained(recipe): recipe.id for recipe in self.recipes if recipe.control is not None}
        real = [recipe for recipe in self.recipes if recipe.control is None]
        return {recipe.id: alike[_trained(recipe)] for recipe in real if _trained(recipe) in alike}


def _trained(recipe: Recipe) -> str:
    """Return what tells recipes apart that train on the same questions, whatever they are called."""
    asked = RecipeData(mix=recipe.mix, transforms=recipe.transforms)
    return repr(replace(recipe, method="", name="", description="", data=asked))
