"""What is compared, and what counts as an effect."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from harness.codec import JSON

Duplicates = Literal["once", "refuse"]

IdenticalRuns = Literal["refuse", "allow"]

StopAt = Literal["settled", "decisive"]

CostKind = Literal["training_time", "memory", "size", "price"]
"""By which cost the cheapest recipe is: seconds of training, memory at the peak, bytes kept on disk, or money."""

GradedBy = Literal["accuracy", "share_of_gain"]
"""On what the levels of a factor are graded: what they change of accuracy, or of what the centre gained."""

NOT_POOLED = (
    "a variance between seeds that is pooled over recipes errs too often: .057 to .068 at a stated .05 where they are "
    "equally noisy, and family-wise up to .37 where one is noisier than the others"
)
"""Why `pool_seed_variance` was withdrawn."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Grades:
    """Grades of how far a factor moves a score: the `bounds` from which a change is medium, high and very high."""

    by: GradedBy
    bounds: tuple[float, float, float]


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
    grades: Grades | None = None
