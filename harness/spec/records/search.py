"""What is decided by rows that nothing trains on: when a training stops, and what a search chooses."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from harness.codec import JSON
from harness.spec.records.data import Data

TuneMetric = Literal["loss", "margin", "both"]
"""What a search chooses by: the validation loss, the answer margin on the validation rows, or both."""

MARGIN = "answer_margin"
"""The metric of a task by which a search chooses, beside the loss."""


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
