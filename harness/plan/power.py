"""What an experiment's seeds and items can show, computed before anything is spent."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from harness.plan.looks import ExpectedCells, PlannedLook, expected_cells, planned_looks
from harness.plan.passable import PassableRule, passable_rules
from harness.plan.pilot import Observed, Outlook, Pilot, Unseen, spread_of
from harness.spec.looks import shares
from harness.spec.records import Experiment, Suite
from harness.statistics.critical import critical_value, primary_comparisons
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
    `spread` and `spread_out` hold the standard deviations that this rests on; `assumed` names those that neither a run
    nor the spec gives, `runs` the runs that they are from.
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
    spread_out: Spread | None
    assumed: tuple[str, ...]
    runs: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Power:
    """What a plan can show: effects for every pair of suites, each shown with probability `power`.

    `comparisons` is how many share the error rate `alpha`. `critical` are numbers of seeds, the plan's first, with the
    standard errors that an estimate must lie from a condition's boundary where seeds make all of the variance. A single
    seed speaks of its own checkpoints only: nothing about the recipes is detectable, and `effects` is empty. `outlooks`
    are of runs that were named, `unseen` the suites that one of them says nothing of. Where looks are declared, the
    effects are those that the last of them shows; `looks` says what each costs, `expected` how many cells a run takes
    until it stops. `gate` tells whether the spec's can be passed.
    """

    power: float
    alpha: float
    comparisons: int
    seeds: int
    sesoi: float
    critical: tuple[tuple[int, float], ...]
    effects: tuple[DetectableEffects, ...]
    outlooks: tuple[Outlook, ...] = ()
    unseen: tuple[Unseen, ...] = ()
    looks: tuple[PlannedLook, ...] = ()
    expected: tuple[ExpectedCells, ...] = ()
    gate: tuple[PassableRule, ...] = ()


def power_of(experiment: Experiment, items: Mapping[str, int], pilots: Sequence[Pilot] = ()) -> Power:
    """Return what an experiment can show on suites of so many `items`, by task, with the variances that runs show."""
    inside, outside = experiment.suites_of("in_domain"), experiment.suites_of("out_of_domain")
    comparison, seeds = experiment.comparison, len(experiment.seeds)
    comparisons = primary_comparisons(len(comparison.candidates), len(inside), len(outside))
    pairs = [(first, second) for first in inside for second in outside or (None,)] if seeds > 1 else []
    observed = [each for pilot in pilots for each in pilot.observed]
    looks = planned_looks(experiment, comparisons)
    effects = tuple(_effects(experiment, pair, items, comparisons, observed) for pair in pairs)
    return Power(
        power=POWER,
        alpha=comparison.alpha,
        comparisons=comparisons,
        seeds=seeds,
        sesoi=comparison.sesoi,
        critical=tuple(_critical(seeds, comparison.alpha / 2 / comparisons)),
        effects=effects,
        outlooks=tuple(each for pilot in pilots for each in pilot.outlooks),
        unseen=tuple(each for pilot in pilots for each in pilot.unseen),
        looks=looks,
        expected=tuple(_expected(looks, effects, items)) if looks else (),
        gate=tuple(
            passable_rules(experiment, items, comparisons, lambda suite: _basis(experiment, suite, observed).spread)
        ),
    )


def _expected(
    looks: Sequence[PlannedLook], effects: Sequence[DetectableEffects], items: Mapping[str, int]
) -> Iterator[ExpectedCells]:
    """Yield the cells that are expected where all gaps are the smallest that the whole run shows, and twice that."""
    budgets = {
        task: spread.budget(items[task])
        for each in effects
        for task, spread in ((each.in_domain, each.spread), (each.out_of_domain, each.spread_out))
        if task is not None and spread is not None
    }
    smallest = max(gap for each in effects for gap in (each.gap_in, each.gap_out) if gap is not None)
    for times in (1.0, 2.0):
        yield expected_cells(looks, tuple(budgets.values()), times * smallest)


def _critical(seeds: int, tail: float) -> Iterator[tuple[int, float]]:
    """Yield the critical value of as many seeds, and of some more; one seed has none."""
    for count in (seeds, seeds + 2, seeds + 5):
        if count > 1:
            yield count, float(critical_value(tail, 1.0, count - 1.0, 1.0))


def _effects(
    experiment: Experiment,
    pair: tuple[Suite, Suite | None],
    items: Mapping[str, int],
    comparisons: int,
    observed: Sequence[Observed],
) -> DetectableEffects:
    inside, outside = pair
    first, *others = (_basis(experiment, suite, observed) for suite in pair if suite is not None)
    second = others[0] if others else first
    found = detectable(
        seeds=len(experiment.seeds),
        items_in=items[inside.task],
        items_out=items[(outside or inside).task],
        inside=first.spread,
        outside=second.spread,
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
        spread=first.spread,
        spread_out=second.spread if outside else None,
        assumed=tuple(dict.fromkeys((*first.assumed, *second.assumed))),
        runs=tuple(dict.fromkeys((*first.runs, *second.runs))),
    )


@dataclass(frozen=True, slots=True)
class _Basis:
    """Standard deviations of a suite, those of them that are assumed, and the runs that they are from."""

    spread: Spread
    assumed: tuple[str, ...] = ()
    runs: tuple[str, ...] = ()


def _basis(experiment: Experiment, suite: Suite, observed: Sequence[Observed]) -> _Basis:
    """Take what runs show of a suite, else what the spec declares, else what is assumed of its metric."""
    comparison = experiment.comparison
    seen = spread_of(observed, suite.task, suite.metric, comparison.candidates)
    if seen is not None:
        runs = (each.run for each in observed if (each.task, each.metric) == (suite.task, suite.metric))
        return _Basis(seen, runs=tuple(dict.fromkeys(runs)))
    return _Basis(*_spread(comparison.variances, suite.metric))


def _spread(declared: Mapping[str, float], metric: str) -> tuple[Spread, tuple[str, ...]]:
    """Return the standard deviations of a metric's paired differences, and the names of those that are assumed."""
    default = DEFAULT_SPREADS.get(metric, DEFAULT_SPREADS["acc"])
    spread = Spread(
        seed_sd=declared.get("seed_sd", default.seed_sd),
        item_sd=declared.get("item_sd", default.item_sd),
        residual_sd=declared.get("residual_sd", default.residual_sd),
    )
    return spread, tuple(name for name in ("seed_sd", "item_sd", "residual_sd") if name not in declared)
