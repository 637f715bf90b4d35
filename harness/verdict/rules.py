"""The contrasts of a comparison, the conditions on them, and the labels that they give (Berger 1982), in order.

A label is given when all of its conditions are met, each at the full one-sided level, so that a wrong label is
no more likely than one wrong condition. Everything here takes arrays of replicates as well as one data set: the
simulation benchmark labels with this very code.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from enum import StrEnum

import numpy as np
import numpy.typing as npt

from harness.statistics.contrast import Contrast, SeedRule, contrast
from harness.statistics.critical import Array
from harness.statistics.moments import Moments

Truths = npt.NDArray[np.bool_]


class Condition(StrEnum):
    """A statement about the gaps, mirrored so that the in-domain gap is positive; `LEARNED` is about the reference."""

    LEARNED = "learned"
    IN_WITHIN = "in_within_margin"
    IN_GAP = "in_gap"
    OUT_WITHIN = "out_within_margin"
    OUT_BEYOND = "out_beyond_margin"
    OUT_SAME = "out_same_side"
    OUT_OTHER = "out_other_side"
    SHRINKS = "shrinks"
    GROWS = "grows"
    RETAINS = "retains"
    UNCHANGED = "unchanged_within_margin"


class Label(StrEnum):
    """What became of the in-domain gap out-of-domain."""

    NOT_LEARNED = "not learned"
    EMERGES = "emerges"
    NO_GAP = "no in-domain gap"
    VANISHES = "vanishes"
    REVERSES = "reverses"
    PERSISTS_UNCHANGED = "persists, unchanged"
    AMPLIFIES = "amplifies"
    ATTENUATES = "attenuates"
    PERSISTS = "persists"
    PERSISTS_UNSIZED = "persists, size unresolved"
    SHRINKS_UNRESOLVED = "shrinks, remainder unresolved"
    INCONCLUSIVE = "inconclusive"
    INSUFFICIENT = "insufficient"


@dataclass(frozen=True, slots=True)
class Rule:
    """A label and when it is given: all of `shown` are met, and none of `missing`, which makes the rule a gate."""

    label: Label
    shown: tuple[Condition, ...] = ()
    missing: tuple[Condition, ...] = ()


RULES: tuple[Rule, ...] = (
    Rule(Label.NOT_LEARNED, missing=(Condition.LEARNED,)),
    Rule(Label.EMERGES, (Condition.IN_WITHIN, Condition.OUT_BEYOND)),
    Rule(Label.NO_GAP, (Condition.IN_WITHIN,)),
    Rule(Label.INCONCLUSIVE, missing=(Condition.IN_GAP,)),
    Rule(Label.VANISHES, (Condition.OUT_WITHIN, Condition.SHRINKS)),
    Rule(Label.REVERSES, (Condition.OUT_OTHER,)),
    Rule(Label.PERSISTS_UNCHANGED, (Condition.OUT_SAME, Condition.RETAINS, Condition.UNCHANGED)),
    Rule(Label.AMPLIFIES, (Condition.OUT_SAME, Condition.GROWS)),
    Rule(Label.ATTENUATES, (Condition.OUT_SAME, Condition.SHRINKS)),
    Rule(Label.PERSISTS, (Condition.OUT_SAME, Condition.RETAINS)),
    Rule(Label.PERSISTS_UNSIZED, (Condition.OUT_SAME,)),
    Rule(Label.SHRINKS_UNRESOLVED, (Condition.SHRINKS,)),
)
"""In order: the first rule that holds gives its label; if none does, the result is inconclusive.

A change below the smallest effect of interest is no change, which is why "unchanged" stands before the two labels
that name a direction. A rule about a condition that was not examined is passed over: without an untuned model nobody
can ask whether anything was learned.
"""


def needed(label: Label) -> tuple[Condition, ...]:
    """Return what must be shown for a label: the conditions of the gates before its rule, and its own."""
    gates: list[Condition] = []
    for rule in RULES:
        if rule.label is label and rule.shown:
            return (*gates, *rule.shown)
        gates.extend(rule.missing)
    return ()


@dataclass(frozen=True, slots=True)
class Margins:
    """The smallest effects of interest in each domain; `delta` is held to the narrower."""

    inside: float
    outside: float

    @property
    def delta(self) -> float:
        """The margin of the change between domains."""
        return min(self.inside, self.outside)


@dataclass(frozen=True, slots=True, kw_only=True)
class Contrasts:
    """The four contrasts on which a verdict about persistence rests, all as reference minus candidate.

    The gap in each domain; `delta`, gap_out - gap_in; and `retention`, gap_out - λ·gap_in: what is left above the
    share to be retained.
    """

    gap_in: Contrast
    gap_out: Contrast
    delta: Contrast
    retention: Contrast

    @classmethod
    def of(cls, outside: Moments, inside: Moments, retention: float, seed_rule: SeedRule | None = None) -> "Contrasts":
        """Return the contrasts of two suites scored with the same models."""

        def weighted(pair: Sequence[Array]) -> Contrast:
            given = seed_rule(pair) if seed_rule else None
            return contrast((outside, inside), pair, seed_variance=given)

        return cls(**{name: weighted(pair) for name, pair in contrast_weights(retention).items()})

    @property
    def oriented(self) -> "Contrasts":
        """The same contrasts, mirrored where the candidate leads in-domain, so that the gap there is positive."""
        sign = np.where(self.gap_in.estimate < 0, -1.0, 1.0)
        parts = {each.name: getattr(self, each.name) for each in fields(self)}
        return Contrasts(**{name: replace(part, estimate=sign * part.estimate) for name, part in parts.items()})


def contrast_weights(retention: float) -> dict[str, tuple[float, float]]:
    """Return each contrast's weights on (gap_out, gap_in)."""
    return {"gap_in": (0.0, 1.0), "gap_out": (1.0, 0.0), "delta": (1.0, -1.0), "retention": (1.0, -retention)}


def conditions(
    contrasts: Contrasts, margins: Margins, tail: float | None, *, gain: Contrast | None = None
) -> dict[Condition, Truths]:
    """Return which conditions are met, each with error probability `tail`; None takes estimates as the truth.

    `gain` is what the reference gained in-domain over the untuned model. Without it nothing is said of `LEARNED`.
    """
    seen = contrasts.oriented
    in_low, in_high = _limits(seen.gap_in, tail)
    out_low, out_high = _limits(seen.gap_out, tail)
    delta_low, delta_high = _limits(seen.delta, tail)
    retained, _ = _limits(seen.retention, tail)
    learned = {} if gain is None else {Condition.LEARNED: _limits(gain, tail)[0] > 0}
    return learned | {
        Condition.IN_WITHIN: (in_low > -margins.inside) & (in_high < margins.inside),
        Condition.IN_GAP: in_low > 0,
        Condition.OUT_WITHIN: (out_low > -margins.outside) & (out_high < margins.outside),
        Condition.OUT_BEYOND: (out_low > margins.outside) | (out_high < -margins.outside),
        Condition.OUT_SAME: out_low > 0,
        Condition.OUT_OTHER: out_high < 0,
        Condition.SHRINKS: delta_high < 0,
        Condition.GROWS: delta_low > 0,
        Condition.RETAINS: retained > 0,
        Condition.UNCHANGED: (delta_low > -margins.delta) & (delta_high < margins.delta),
    }


def p_values(contrasts: Contrasts, margins: Margins, *, gain: Contrast | None = None) -> dict[Condition, float]:
    """Return each condition's p-value, for one data set: below the level exactly where the condition is met."""
    seen = contrasts.oriented
    learned = {} if gain is None else {Condition.LEARNED: gain.p_above(0.0)}
    return learned | {
        Condition.IN_WITHIN: seen.gap_in.p_inside(margins.inside),
        Condition.IN_GAP: seen.gap_in.p_above(0.0),
        Condition.OUT_WITHIN: seen.gap_out.p_inside(margins.outside),
        Condition.OUT_BEYOND: min(seen.gap_out.p_above(margins.outside), seen.gap_out.p_below(-margins.outside)),
        Condition.OUT_SAME: seen.gap_out.p_above(0.0),
        Condition.OUT_OTHER: seen.gap_out.p_below(0.0),
        Condition.SHRINKS: seen.delta.p_below(0.0),
        Condition.GROWS: seen.delta.p_above(0.0),
        Condition.RETAINS: seen.retention.p_above(0.0),
        Condition.UNCHANGED: seen.delta.p_inside(margins.delta),
    }


def labels(met: Mapping[Condition, Truths]) -> npt.NDArray[np.str_]:
    """Return the label of each replicate."""
    rules = [rule for rule in RULES if met.keys() >= {*rule.shown, *rule.missing}]
    cases = [
        np.logical_and.reduce([*(met[each] for each in rule.shown), *(~met[each] for each in rule.missing)])
        for rule in rules
    ]
    names = np.array([*(rule.label.value for rule in rules), Label.INCONCLUSIVE.value])
    return np.asarray(names[np.select(cases, range(len(rules)), default=len(rules))])


def label(met: Mapping[Condition, Truths]) -> Label:
    """Return the label of one data set."""
    return Label(str(labels(met)))


def _limits(contrast: Contrast, tail: float | None) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    return (contrast.estimate, contrast.estimate) if tail is None else contrast.interval(tail)
