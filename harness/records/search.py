"""What a search tried, and what it chose or found."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from harness.records.values import JSON

TrialPart = Literal["search", "widening", "confirmation"]
"""Why a trial was made: it was declared, the best lay at an edge, or the choice is tried with a second seed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TriedValues:
    """How a trial ended: its validation loss in nats a completion token, or why there is none.

    `margin` is the mean answer margin on the validation rows in bits a byte, None where the loss alone decides. `seed`
    is None in records of before there was more than one.
    """

    values: Mapping[str, JSON]
    cell: str
    validation_loss: float | None
    seconds: float | None = None
    failure: str = ""
    part: TrialPart = "search"
    seed: int | None = None
    margin: float | None = None


PhaseName = Literal["scan", "full", "push", "factorial"]


@dataclass(frozen=True, slots=True, kw_only=True)
class PhaseTrial:
    """One training of a search in phases; what was not measured since it failed is None.

    Loss in nats a completion token, margin in bits a byte on the validation rows. `train_seconds` are those of training
    with what this trial itself probed before it, `probe_seconds` of the latter alone, `seconds` of everything.
    """

    cell: str
    seed: int
    steps: int | None = None
    validation_loss: float | None = None
    margin: float | None = None
    probe_seconds: float | None = None
    train_seconds: float | None = None
    seconds: float | None = None
    failure: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PhaseEntry:
    """An arm with the values that a phase tried it with: its trials, one a seed, their means, and if it was kept."""

    arm: str
    values: Mapping[str, JSON]
    trials: tuple[PhaseTrial, ...]
    loss: float | None
    margin: float | None
    kept: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchPhase:
    """What a phase tried, in the order of trials."""

    name: PhaseName
    entries: tuple[PhaseEntry, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundRecipe:
    """What a search in phases found: an arm, with `values` laid over it; `recipe` is its name in the run."""

    arm: str
    values: Mapping[str, JSON]
    recipe: str
    phases: tuple[SearchPhase, ...]

    @property
    def trials(self) -> tuple[PhaseTrial, ...]:
        """All trials, each once: what one phase trained the next need not train again."""
        listed = (each for phase in self.phases for entry in phase.entries for each in entry.trials)
        return tuple({each.cell: each for each in listed}.values())


@dataclass(frozen=True, slots=True, kw_only=True)
class ChosenValues:
    """What a recipe trains with after its trials; None where every trial failed and its own values stay.

    `at_edge` names the fields whose chosen value is the least or largest that was tried: the best may lie beyond.
    `validation_loss` and `margin` are means over the seeds that the values were tried with, None where they were not
    taken or kept. `behind` is how far the margin is behind the greatest, with the standard error of that difference.
    """

    recipe: str
    values: Mapping[str, JSON] | None
    trials: tuple[TriedValues, ...]
    at_edge: tuple[str, ...] = ()
    validation_loss: float | None = None
    margin: float | None = None
    behind: tuple[float, float] | None = None
