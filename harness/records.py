"""Records that pass between rooms. Frozen, made of plain values, JSON in and out; no live object passes.

A result and a failure are two types: a failed run never becomes a number.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from harness.errors import FailureKind


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """One recipe trained with one seed, or the untuned base model (`seed` is None).

    `id` is ``<method>--<name>--s<seed>--<hash8>``; the hash covers what changes the cell's numbers.
    """

    id: str
    recipe: str
    seed: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluation:
    """One suite scored on one model. Paths are relative to the cell's folder.

    `metrics` are lm-eval's aggregates by their keys (``acc,none``); per-item scores are in the file `samples`.
    """

    task: str
    items: int
    metrics: Mapping[str, float]
    results: str
    samples: str
    scorer: str
    seconds: float

    def __post_init__(self) -> None:
        """Refuse a score that is not a number."""
        bad = {key: value for key, value in self.metrics.items() if not math.isfinite(value)}
        if bad:
            raise ValueError(f"{self.task}: a score must be finite, got {bad}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Screening:
    """What the contamination check compared: training rows with the items of each suite that is scored.

    A single hit stops an experiment before anything is trained, so `hits` is 0 in whatever was. `exempt` names
    the suites that ask for trained facts by design.
    """

    rows: int
    items: Mapping[str, int]
    exempt: tuple[str, ...] = ()
    hits: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class CellResult:
    """A cell that was trained (unless it is the base) and scored on every suite.

    The three blocks are the top keys of PEFT's method_comparison result files.
    """

    cell: Cell
    run_info: Mapping[str, Any]
    train_info: Mapping[str, Any]
    meta_info: Mapping[str, Any]
    evaluations: tuple[Evaluation, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class CellFailure:
    """A cell that did not get there: what kind of failure, in which stage, and what was said."""

    cell: Cell
    kind: FailureKind
    stage: str
    message: str
    details: Mapping[str, Any] = field(default_factory=dict)
