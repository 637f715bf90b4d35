"""What models are scored on, and what is measured of them beside their scores."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

from harness.codec import JSON

Role = Literal["in_domain", "out_of_domain", "guard"]

Split = Literal["test", "validation"]
"""Which rows of a task are scored: those of a run, or those by which a search chooses."""

DIAGNOSTICS = (
    "spectrum",
    "attention_drift",
    "representation_drift",
    "activations",
    "monitors",
    "training_path",
    "layer_choice",
    "quantization_error",
)
"""Diagnostics that harness brings itself and takes where a spec names them; any other is the name of a plug-in."""


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
