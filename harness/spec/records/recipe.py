"""A way of adapting: what is added to the model or trained of it, in which layers, and what is varied about it."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

from harness.codec import JSON
from harness.spec.records.data import Data, DataControl, RecipeData, Transform

STRATEGIES = ("all", "first", "last", "middle", "every", "list", "random", "gradient")
"""Layer strategies that harness brings itself; any other is the name of a plug-in."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Layers:
    """Which decoder layers a recipe adapts; exactly one of `fraction`, `count`, `indices` unless ``all``.

    A strategy that reads data ranks them by rows of `data`, None for those that train. `plugin` is the
    distribution (``name==version``) of a strategy that harness does not bring itself.
    """

    strategy: str = "all"
    fraction: float | None = None
    count: int | None = None
    indices: tuple[int, ...] | None = None
    seed: int | None = None
    data: Data | None = None
    options: Mapping[str, JSON] = field(default_factory=dict)
    plugin: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Bottleneck:
    """Bottleneck adapters: a small network down to ``hidden size / reduction_factor`` and up again, with a residual.

    ``houlsby`` puts one after attention and one after the feed-forward block of a layer, ``pfeiffer`` the second
    only. `attention` and `feedforward` name these blocks within a layer where harness does not know them.
    """

    placement: Literal["houlsby", "pfeiffer"]
    reduction_factor: float = 16
    activation: str = "relu"
    attention: str | None = None
    feedforward: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PluginBlock:
    """A third party's method: the plug-in's name and options, and the distribution that it came from."""

    name: str
    options: Mapping[str, JSON]
    distribution: str
    version: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """As many trainable parameters as another recipe has on the same model: the rank is chosen to fit.

    `tolerance` is the largest difference allowed, as a share of the other recipe's parameters.
    """

    recipe: "Recipe"
    tolerance: float = 0.01


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """One of the trainings that a recipe makes one after another.

    `data` takes the place of the experiment's data and mix, `training` is laid over the recipe's own. `then` is
    what becomes of the adapter before the next stage: ``merge`` folds it into the weights, ``keep`` leaves it at
    work, frozen, beside the next one. The last stage has none, nor has one that trains the model's own weights.
    """

    recipe: "Recipe"
    data: Data | None = None
    training: Mapping[str, JSON] = field(default_factory=dict)
    then: Literal["merge", "keep"] | None = None

    @property
    def trained(self) -> "Recipe":
        """The recipe with the stage's training fields laid over its own."""
        return replace(self.recipe, training={**self.recipe.training, **self.training})


@dataclass(frozen=True, slots=True, kw_only=True)
class Compute:
    """Train until as much is spent as another recipe of the experiment spent with the same seed.

    ``time`` is wall-clock seconds of training, what is probed before it included; ``flops`` the estimate of
    `harness.model.counting`. The number of steps follows from it and replaces ``max_steps``.
    """

    recipe: str
    measure: Literal["time", "flops"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Start:
    """The adapter that a recipe starts from: that of an `arm` of the experiment, each seed's own.

    With ``continue`` that adapter itself trains; with ``merge`` it is folded into the base's weights, and the recipe
    adapts the result anew.
    """

    arm: str
    then: Literal["continue", "merge"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """A way of adapting. The file name gives `method` and `name`: ``<method>--<name>.json``.

    It has at most one of `peft`, `bottleneck` and `plugin`; with none the model's own weights train. With `stages` a
    recipe says nothing else: their recipes do.
    """

    method: str
    name: str
    description: str = ""
    peft: Mapping[str, JSON] | None = None
    modules: tuple[str, ...] = ()
    """What the `peft` block adapts, by role instead of by name: see `harness.methods.peft.roles`."""
    bottleneck: Bottleneck | None = None
    plugin: PluginBlock | None = None
    layers: Layers = Layers()
    match: Match | None = None
    probe_batches: int | None = None
    """Training batches that a gradient ranking or an initialisation from data may read; None: the method's own."""
    quantization: Mapping[str, JSON] | None = None
    data: RecipeData | None = None
    training: Mapping[str, JSON] = field(default_factory=dict)
    compute: Compute | None = None
    start: Start | None = None
    """The adapter that it starts from; None is the plain base."""
    stages: tuple[Stage, ...] = ()

    @property
    def continues(self) -> bool:
        """Whether an adapter that exists trains on, and none is made."""
        return self.start is not None and self.start.then == "continue"

    @property
    def merges_first(self) -> bool:
        """Whether it adapts the base with an adapter that exists merged into its weights."""
        return self.start is not None and self.start.then == "merge"

    @property
    def id(self) -> str:
        """``<method>--<name>``, the name used in specs."""
        return f"{self.method}--{self.name}"

    @property
    def control(self) -> DataControl | None:
        """What makes the recipe a placebo, if it is one."""
        return self.data.control if self.data else None

    @property
    def mix(self) -> tuple[Data, ...] | None:
        """What the recipe mixes into its data in the place of the experiment's mix, None where it leaves that."""
        return self.data.mix if self.data else None

    @property
    def transforms(self) -> Mapping[str, Transform]:
        """What is done to the rows before the recipe trains on them, by name."""
        return self.data.transforms if self.data else {}

    @property
    def parts(self) -> tuple[Stage, ...]:
        """What is trained in order: the stages, or the recipe itself as the only one."""
        return self.stages or (Stage(recipe=self),)

    @property
    def base_quantization(self) -> Mapping[str, JSON] | None:
        """How the base is loaded; stages agree about it, since it is loaded for all of them."""
        return self.parts[0].recipe.quantization


@dataclass(frozen=True, slots=True, kw_only=True)
class Factor:
    """Something that is varied about a recipe: by level, the fields that a recipe extending it would say.

    Names and `changes` are lists of one length, in the order of the spec.
    """

    name: str
    levels: tuple[str, ...]
    changes: tuple[Mapping[str, JSON], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Factors:
    """What is varied about the recipes `of`.

    ``one_at_a_time`` varies one factor and leaves the others at the centre's; ``full`` crosses all of them.
    """

    of: tuple[str, ...]
    design: Literal["one_at_a_time", "full"] = "one_at_a_time"
    varied: tuple[Factor, ...]
