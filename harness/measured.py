"""What harness's own diagnostics find, as they stand in the details of a cell's measurements.

A layer is counted from the input up, from 0. Domains are ``in_domain`` and ``out_of_domain``.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal


@dataclass(frozen=True, slots=True, kw_only=True)
class ModuleSpectrum:
    """The change of one module's weight matrix.

    `norm` is Frobenius', `largest` the largest singular value. `effective` is exp of the entropy of the normalised
    singular values (Roy & Vetterli 2007), `stable` the squared norm over the squared largest value; both are 0 where
    nothing changed. `share` is the part of the squared norm that the first values hold. `intruders` counts leading
    directions of the changed matrix that are none of the base's, None where that was not looked at.
    """

    module: str
    norm: float
    largest: float
    effective: float
    stable: float
    share: float
    intruders: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Spectrum:
    """The spectra of what training changed, by module.

    `of` is ``factors`` where the change is a product whose singular values are exact, and ``difference`` where it is
    the tuned weights minus the base's, of which the first `top` values are found by a randomised method: `effective` is
    a lower bound there unless it is `exact`. Of the changed matrix the first `leading` left singular vectors were
    compared with all of the base's, and one is an intruder whose cosine with each is below `below`. `decay` has the
    first `top` singular values over the largest, means over the modules that changed; records of before have none.
    """

    of: str
    exact: bool
    top: int
    leading: int
    below: float
    modules: tuple[ModuleSpectrum, ...]
    decay: tuple[float, ...] = ()

    def mean(self, figure: Literal["effective", "stable", "share"]) -> float | None:
        """Return the mean of a figure over the modules; None where there are none."""
        found = [float(getattr(module, figure)) for module in self.modules]
        return sum(found) / len(found) if found else None

    @property
    def intruders(self) -> int | None:
        """How many intruders all modules have; None where they were not looked for."""
        found = [module.intruders for module in self.modules if module.intruders is not None]
        return sum(found) if found else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Alike:
    """Two cells: means over the modules that both changed, of the directions of outputs (left) and inputs (right).

    `left` and `right` are mean cosines of the principal angles between the two subspaces, of as many directions as the
    smaller has; `overlap` is the mean squared cosine of both, and `by_chance` what it is for random subspaces.
    """

    cells: tuple[str, str]
    modules: int
    left: float
    right: float
    overlap: float
    by_chance: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Likeness:
    """How alike the directions are along which the cells of each pair changed their weights."""

    pairs: tuple[Alike, ...]

    def mean(self, figure: Literal["left", "right", "overlap", "by_chance"]) -> float:
        """Return the mean of a figure over the pairs."""
        return sum(float(getattr(pair, figure)) for pair in self.pairs) / len(self.pairs)


@dataclass(frozen=True, slots=True, kw_only=True)
class DomainAttention:
    """Attention on a domain's texts, by layer as the mean over heads, in bits.

    `distance` is Jensen and Shannon's from the base's maps, 0 to 1; `entropy_base` and `entropy` are those of the maps
    before and after. `queries` are the tokens that they are means over, `farthest` layer and head of the largest
    distance.
    """

    texts: int
    queries: int
    distance: tuple[float, ...]
    entropy_base: tuple[float, ...]
    entropy: tuple[float, ...]
    farthest: tuple[int, int]

    @property
    def mean(self) -> float:
        """The mean distance over layers."""
        return sum(self.distance) / len(self.distance)


@dataclass(frozen=True, slots=True, kw_only=True)
class AttentionDrift:
    """How far attention moved. Maps are there only where attention is `computed` so; `otherwise` is the usual way."""

    computed: str
    otherwise: str
    domains: Mapping[str, DomainAttention]


@dataclass(frozen=True, slots=True, kw_only=True)
class DomainRepresentation:
    """Linear CKA of each layer's hidden states with the base's, over so many `tokens` of so many `features`."""

    texts: int
    tokens: int
    features: int
    cka: tuple[float, ...]

    @property
    def mean(self) -> float:
        """The mean CKA over layers."""
        return sum(self.cka) / len(self.cka)


@dataclass(frozen=True, slots=True, kw_only=True)
class RepresentationDrift:
    """How far representations moved; a CKA of 1 is not at all, up to a rotation and a scale."""

    domains: Mapping[str, DomainRepresentation]


@dataclass(frozen=True, slots=True, kw_only=True)
class MovedUnit:
    """A unit of a layer's feed-forward block, and the shares of tokens at which it fires before and after."""

    layer: int
    unit: int
    base: float
    tuned: float


@dataclass(frozen=True, slots=True, kw_only=True)
class DomainActivations:
    """How many of the `units` of all layers `moved` on a domain's texts, the `share` by layer, and which the `most`."""

    texts: int
    tokens: int
    units: int
    moved: int
    share: tuple[float, ...]
    most: tuple[MovedUnit, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ActivationShift:
    """Units whose rate of firing differs from the base's by more than `by`.

    `shared` is the part that moved in both domains of those that moved in either, None where none did.
    """

    by: float
    domains: Mapping[str, DomainActivations]
    shared: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """What was seen after a step of a training; 0 is the model before it, and None what was not looked at.

    `train` and `held_out` are losses in nats a completion token on fixed rows, `guard` and `outside` the scores of
    guards and of suites out of domain by task, `rank` the mean effective rank of low-rank updates, `gradient` the norm
    of the gradient on the training rows.
    """

    step: int
    train: float | None = None
    held_out: float | None = None
    guard: Mapping[str, float] = field(default_factory=dict)
    outside: Mapping[str, float] = field(default_factory=dict)
    rank: float | None = None
    gradient: float | None = None

    @property
    def gap(self) -> float | None:
        """How much larger the loss is on rows that were not trained on."""
        return None if self.train is None or self.held_out is None else self.held_out - self.train


@dataclass(frozen=True, slots=True, kw_only=True)
class EarlyWarning:
    """A sign of a known failure, the first time it was seen: after which step, what, and what helps."""

    step: int
    sign: Literal["rank", "gap", "guard", "outside", "gradient"]
    seen: str
    remedy: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Monitored:
    """A training looked at after every so many steps; `declared` is the mean declared rank, None of other methods."""

    every: int
    declared: float | None
    looks: tuple[Look, ...]
    warnings: tuple[EarlyWarning, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """A place on the way of the weights, and the scores there by task."""

    at: float
    scores: Mapping[str, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Path:
    """Scores along a training, on at most `items` of each suite.

    `checkpoints` are at steps; `missed` are those after which training had ended. `line` is at shares of the straight
    way from the weights before (0) to those after (1); empty with a `reason` where there is none.
    """

    items: int
    checkpoints: tuple[Point, ...]
    missed: tuple[int, ...]
    line: tuple[Point, ...]
    reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LayerChoice:
    """What layers were ranked by, and which were taken.

    `rows` names the data, ``training rows`` for those that train; of these `batches` were read. `norms` have one number
    a decoder layer and sum to 1, and `share` is the part of them that the `chosen` layers hold.
    """

    rows: str
    batches: int
    norms: tuple[float, ...]
    chosen: tuple[int, ...]
    share: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ModuleQuantization:
    """The quantized matrix of one module of the base.

    `error` is Frobenius' norm of what the matrix is computed with minus what it was, over that of what it was. Its
    `weights` take so many `bytes`, scales included.
    """

    module: str
    error: float
    weights: int
    bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Quantization:
    """What quantizing did to the matrices of the base's decoder layers; `error` is that of all together."""

    error: float
    modules: tuple[ModuleQuantization, ...]

    @property
    def bytes_a_weight(self) -> float:
        """What a weight takes, its share of the scales included."""
        return sum(each.bytes for each in self.modules) / sum(each.weights for each in self.modules)

    @property
    def farthest(self) -> ModuleQuantization:
        """The module with the largest error."""
        return max(self.modules, key=lambda each: each.error)


@dataclass(frozen=True, slots=True, kw_only=True)
class RankAgreement:
    """How alike two recipes rank layers seed by seed, or one recipe with one seed and with another.

    `correlations` are Spearman's, by `pairs` of seeds; `mean` is theirs, with its 95% interval over seeds where there
    are enough of them. `in_common` is the mean share of the fewer chosen layers that both chose, `by_chance` what
    it is for layers drawn at random. `read` says what each ranked by: rows, and how many batches.
    """

    recipes: tuple[str, str]
    read: tuple[str, str]
    pairs: tuple[tuple[int, int], ...]
    correlations: tuple[float, ...]
    mean: float
    low: float | None
    high: float | None
    in_common: float
    by_chance: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ChoiceStability:
    """Whether layers are ranked alike with other seeds, and by recipes that read other rows or more of them."""

    agreements: tuple[RankAgreement, ...]
