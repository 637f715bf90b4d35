"""What an experiment's seeds and items can show, computed before anything is spent."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from harness.plan.looks import ExpectedCells, PlannedLook, expected_cells, planned_looks
from harness.spec.looks import shares
from harness.spec.records import Experiment, Suite
from harness.statistics.critical import primary_comparisons
from harness.statistics.planning import POWER, Spread, detectable

DEFAULT_SPREADS = {
    "answer_bits_per_byte": Spread(seed_sd=0.02, item_sd=0.30, residual_sd=0.20),
    "answer_margin": Spread(seed_sd=0.02, item_sd=0.30, residual_sd=0.20),
    "acc": Spread(seed_sd=0.01, item_sd=0.35, residual_sd=0.35),
}
"""Standard deviations of a paired difference where the spec declares none; of other metrics, those of accuracy."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DetectableEffects:
    """The smallest true effects that are shown between two suites, in the metric's unit.

    `gap_in`, `gap_out` and `delta` are distances from 0; `margin_in` and `margin_out` the narrowest equivalence
    margins that a true gap of 0 is shown to lie in. Without an out-of-domain suite, what concerns it is None.
    `spread` holds the standard deviations that this rests on; `assumed` names those that the spec does not declare.
    """

    in_domain: str
    out_of_domain: str | None
    metric: str
    gap_in: float
    gap_out: float | None
    delta: float | None
    margin_in: float
    margin_out: float | None
    spread: Spread
    assumed: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Power:
    """What a plan can show: effects for every pair of suites, each shown with probability `power`.

    `comparisons` is how many share the error rate `alpha`. A single seed speaks of its own checkpoints only: nothing
    about the recipes is detectable, and `effects` is empty. Where looks are declared, the effects are those that the
    last of them shows; `looks` says what each costs, `expected` how many cells a run takes until it stops.
    """

    power: float
    alpha: float
    comparisons: int
    seeds: int
    sesoi: float
    effects: tuple[DetectableEffects, ...]
    looks: tuple[PlannedLook, ...] = ()
    expected: tuple[ExpectedCells, ...] = ()


def power_of(experiment: Experiment, items: Mapping[str, int]) -> Power:
    """Return what an experiment can show on suites of so many `items`, by task."""
    inside, outside = experiment.suites_of("in_domain"), experiment.suites_of("out_of_domain")
    comparison, seeds = experiment.comparison, len(experiment.seeds)
    comparisons = primary_comparisons(len(comparison.candidates), len(inside), len(outside))
    pairs = [(first, second) for first in inside for second in outside or (None,)] if seeds > 1 else []
    looks = planned_looks(experiment, comparisons)
    effects = tuple(_effects(experiment, *pair, items, comparisons) for pair in pairs)
    return Power(
        power=POWER,
        alpha=comparison.alpha,
        comparisons=comparisons,
        seeds=seeds,
        sesoi=comparison.sesoi,
        effects=effects,
        looks=looks,
        expected=tuple(_expected(looks, effects, items)) if looks else (),
    )


def _expected(
    looks: Sequence[PlannedLook], effects: Sequence[DetectableEffects], items: Mapping[str, int]
) -> Iterator[ExpectedCells]:
    """Yield the cells that are expected where all gaps are the smallest that the whole run shows, and twice that."""
    budgets = {
        task: each.spread.budget(items[task])
        for each in effects
        for task in (each.in_domain, each.out_of_domain)
        if task is not None
    }
    smallest = max(gap for each in effects for gap in (each.gap_in, each.gap_out) if gap is not None)
    for times in (1.0, 2.0):
        yield expected_cells(looks, tuple(budgets.values()), times * smallest)


def _effects(
    experiment: Experiment, inside: Suite, outside: Suite | None, items: Mapping[str, int], comparisons: int
) -> DetectableEffects:
    spread, assumed = _spread(experiment.comparison.variances, inside.metric)
    found = detectable(
        seeds=len(experiment.seeds),
        items_in=items[inside.task],
        items_out=items[(outside or inside).task],
        inside=spread,
        outside=spread,
        alpha=experiment.comparison.alpha * (shares(experiment.looks)[-1] if experiment.looks else 1.0),
        comparisons=comparisons,
    )
    return DetectableEffects(
        in_domain=inside.task,
        out_of_domain=outside.task if outside else None,
        metric=inside.metric,
        gap_in=found.gap_in,
        gap_out=found.gap_out if outside else None,
        delta=found.delta if outside else None,
        margin_in=found.margin_in,
        margin_out=found.margin_out if outside else None,
        spread=spread,
        assumed=assumed,
    )


def _spread(declared: Mapping[str, float], metric: str) -> tuple[Spread, tuple[str, ...]]:
    """Return the standard deviations of a metric's paired differences, and the names of those that are assumed."""
    default = DEFAULT_SPREADS.get(metric, DEFAULT_SPREADS["acc"])
    spread = Spread(
        seed_sd=declared.get("seed_sd", default.seed_sd),
        item_sd=declared.get("item_sd", default.item_sd),
        residual_sd=declared.get("residual_sd", default.residual_sd),
    )
    return spread, tuple(name for name in ("seed_sd", "item_sd", "residual_sd") if name not in declared)
