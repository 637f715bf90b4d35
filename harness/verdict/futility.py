"""How likely all seeds that are planned are to settle a comparison, the estimates taken as the truth.

The chance of a label is at most that of its least likely condition. A run may stop where every label's is small; going
on regardless costs seeds and no error.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from harness.statistics.critical import Array, Floats
from harness.statistics.moments import Moments
from harness.statistics.planning import Budget, budgets, power
from harness.verdict.gain import Gain
from harness.verdict.rules import Condition, Contrasts, Label, Margins, contrast_weights, needed

FUTILE = 0.05
"""Less likely than this is not waited for."""


def label_chances(
    suites: Sequence[Moments],
    contrasts: Contrasts,
    margins: Margins,
    retention: float,
    *,
    tail: float,
    seeds: int,
    gain: Gain | None = None,
) -> dict[Label, Floats]:
    """Return for each label the power of its least likely condition with so many `seeds`, each tested at `tail`.

    `suites` are the out-of-domain and the in-domain differences of two seeds or more; arrays of replicates give arrays.
    `gain` is what the reference gained, where a verdict has to rest on it.
    """
    chances = condition_chances(suites, contrasts, margins, retention, tail=tail, seeds=seeds)
    if gain is not None and gain.differences.seeds > 1:
        plan = budgets((gain.differences,), (1.0,))
        chances[Condition.LEARNED] = _power(plan, gain.contrast.estimate, tail, seeds)
    asked = {label: [chances[each] for each in needed(label) if each in chances] for label in Label}
    return {label: np.minimum.reduce(each) for label, each in asked.items() if each}


def condition_chances(
    suites: Sequence[Moments], contrasts: Contrasts, margins: Margins, retention: float, *, tail: float, seeds: int
) -> dict[Condition, Floats]:
    """Return the power of each condition."""
    seen = contrasts.oriented
    parts = {name: budgets(suites, weights) for name, weights in contrast_weights(retention).items()}

    def beyond(name: str, distance: Array) -> Floats:
        return _power(parts[name], distance, tail, seeds)

    def within(name: str, margin: float) -> Floats:
        return inside_power(parts[name], getattr(seen, name).estimate, margin, tail=tail, seeds=seeds)

    return {
        Condition.IN_WITHIN: within("gap_in", margins.inside),
        Condition.IN_GAP: beyond("gap_in", seen.gap_in.estimate),
        Condition.OUT_WITHIN: within("gap_out", margins.outside),
        Condition.OUT_BEYOND: beyond("gap_out", np.abs(seen.gap_out.estimate) - margins.outside),
        Condition.OUT_SAME: beyond("gap_out", seen.gap_out.estimate),
        Condition.OUT_OTHER: beyond("gap_out", -seen.gap_out.estimate),
        Condition.SHRINKS: beyond("delta", -seen.delta.estimate),
        Condition.GROWS: beyond("delta", seen.delta.estimate),
        Condition.RETAINS: beyond("retention", seen.retention.estimate),
        Condition.UNCHANGED: within("delta", margins.delta),
    }


def gap_chance(suites: Sequence[Moments], estimate: Array, margin: float, *, tail: float, seeds: int) -> Floats:
    """Return the chance that a gap is shown on either side of 0, or within the margin: the likeliest of the three."""
    plan = budgets(suites, (1.0,))
    inside = inside_power(plan, estimate, margin, tail=tail, seeds=seeds)
    return np.maximum(inside, _power(plan, np.abs(estimate), tail, seeds))


def inside_power(plan: Budget, estimate: Array, margin: float, *, tail: float, seeds: int) -> Floats:
    """Return the power of showing that a contrast lies inside ± a margin, if it is `estimate`."""
    above = _power(plan, margin + estimate, tail, seeds)
    below = _power(plan, margin - estimate, tail, seeds)
    return np.maximum(0.0, above + below - 1)


def _power(plan: Budget, distance: Array, tail: float, seeds: int) -> Floats:
    """Return the power of a condition; a contrast without any variance shows what it is."""
    still = np.asarray(plan.variance(seeds)) <= 0
    varying = replace(plan, item=np.where(still, 1.0, plan.item))
    return np.where(still, np.asarray(distance) > 0, power(varying, distance, tail, seeds))
