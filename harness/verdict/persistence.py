"""The verdict on one candidate, one in-domain suite and one out-of-domain suite."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict

from harness.compare.scores import SuiteScores, common_model
from harness.statistics.contrast import Contrast, SeedRule
from harness.statistics.moments import Moments
from harness.statistics.planning import budget
from harness.statistics.ratio import ratio_set
from harness.verdict.analysis import Analysis, PairedScores, seed_notes, weaknesses
from harness.verdict.estimates import ConditionResult, IntervalEstimate, Need
from harness.verdict.futility import label_chances
from harness.verdict.gain import gain
from harness.verdict.pointed import goals
from harness.verdict.ranks import is_waited_for
from harness.verdict.records import PersistenceComparison, SeedPoint
from harness.verdict.required_sample import available_of, need_of
from harness.verdict.rules import (
    Condition,
    Contrasts,
    Label,
    Margins,
    Truths,
    conditions,
    contrast_weights,
    label,
    p_values,
)
from harness.verdict.wording import Names, Scale, condition_text, insufficient_sentence, persistence_sentence

_LEADERLESS = (Label.NOT_LEARNED, Label.EMERGES, Label.NO_GAP, Label.INCONCLUSIVE, Label.INSUFFICIENT)
"""Labels that do not say who leads in-domain."""


class Persistence:
    """Judges one comparison of an analysis; `record` is its result."""

    def __init__(self, analysis: Analysis, paired: PairedScores, inside: SuiteScores, outside: SuiteScores) -> None:
        self.analysis = analysis
        self.paired = paired
        self.inside = inside
        self.outside = outside
        design = analysis.design
        self.margins = Margins(design.sesoi_of(inside.suite), design.sesoi_of(outside.suite))
        self.scale = Scale(inside.suite.metric)
        self.reasons = list(weaknesses(paired, (inside, outside)))
        self.gain = gain(analysis, inside)

    def label(self) -> Label:
        """Return the label alone."""
        if self.reasons:
            return Label.INSUFFICIENT
        if self._checkpoint_only:
            return Label.INCONCLUSIVE
        return label(self._met(self.contrasts()))

    def contrasts(self) -> Contrasts:
        """Return the four contrasts."""
        first, second = self._moments
        return Contrasts.of(first, second, self.analysis.design.retention, self._rule)

    def record(self, worst: Label | None) -> PersistenceComparison:
        """Return the whole result; `worst` is the label with failed runs at their worst, if any failed."""
        found = self.label()
        contrasts = self.contrasts() if self.paired.suites else None
        gaps = self._estimates(contrasts) if contrasts else {}
        met = self._met(contrasts) if contrasts else {}
        return PersistenceComparison(
            model=common_model((self.inside.model, self.outside.model)),
            reference=self.analysis.design.reference.name,
            candidate=self.paired.candidate.name,
            in_domain=self.inside.suite.task,
            out_of_domain=self.outside.suite.task,
            metric=self.inside.suite.metric,
            higher_is_better=self.inside.higher_is_better,
            sesoi_in=self.margins.inside,
            sesoi_out=self.margins.outside,
            verdict=found.value,
            better_in_domain=None if contrasts is None or found in _LEADERLESS else _sides(contrasts.gap_in)[0],
            fragile=worst is not None and worst is not found,
            verdict_if_failures_are_worst=worst.value if worst else None,
            sentence=self._sentence(found, gaps, contrasts, met),
            seeds=self.paired.pairs,
            items_in=self.inside.items,
            items_out=self.outside.items,
            units_in=self.inside.units,
            units_out=self.outside.units,
            gain_in=gaps.get("gain_in"),
            gap_in=gaps.get("gap_in"),
            gap_out=gaps.get("gap_out"),
            delta=gaps.get("delta"),
            retention=gaps.get("retention"),
            ratio=ratio_set(*self._moments, self.analysis.tail, seed_rule=self._rule) if contrasts else None,
            conditions=tuple(self._conditions(contrasts, met)) if contrasts else (),
            variance=self._variance() if self.paired.pairs > 1 else {},
            per_seed=tuple(self._points()) if contrasts else (),
            need=self._need(contrasts, met, found) if contrasts else None,
            notes=tuple(seed_notes(self.paired, self.analysis.design.variances)),
            chance=self._chance(contrasts) if contrasts else None,
        )

    @property
    def _moments(self) -> tuple[Moments, Moments]:
        """The out-of-domain and the in-domain differences."""
        return self.paired.suites[self.outside.suite.task], self.paired.suites[self.inside.suite.task]

    @property
    def _rule(self) -> SeedRule | None:
        return self.analysis.seed_rule(self.paired.pairs)

    @property
    def _asked(self) -> Contrast | None:
        """The reference's gain, where a verdict has to rest on it."""
        return self.gain.contrast if self.gain and self.analysis.design.require_gain else None

    def _met(self, contrasts: Contrasts) -> dict[Condition, Truths]:
        return conditions(contrasts, self.margins, self.analysis.tail, gain=self._asked)

    @property
    def _checkpoint_only(self) -> bool:
        return self.paired.pairs == 1 and self._rule is None

    def _estimates(self, contrasts: Contrasts) -> dict[str, IntervalEstimate]:
        all_of = {name: getattr(contrasts, name) for name in contrast_weights(0.0)}
        all_of |= {"gain_in": self.gain.contrast} if self.gain else {}
        return {name: IntervalEstimate.of(each, self.analysis.level) for name, each in all_of.items()}

    def _names(self, contrasts: Contrasts) -> Names:
        arms = {"reference": self.analysis.design.reference.name, "candidate": self.paired.candidate.name}
        leader, other = (arms[side] for side in _sides(contrasts.gap_in))
        ahead, behind = (arms[side] for side in _sides(contrasts.gap_out))
        return Names(
            reference=arms["reference"],
            leader=leader,
            other=other,
            ahead=ahead,
            behind=behind,
            inside=self.inside.suite.task,
            outside=self.outside.suite.task,
        )

    def _sentence(
        self,
        found: Label,
        gaps: Mapping[str, IntervalEstimate],
        contrasts: Contrasts | None,
        met: Mapping[Condition, Truths],
    ) -> str:
        if found is Label.INSUFFICIENT or contrasts is None:
            return insufficient_sentence(self.reasons)
        return persistence_sentence(
            found,
            self._names(contrasts),
            gaps,
            self.margins,
            scale=self.scale,
            level=self.analysis.level.percent,
            retention=self.analysis.design.retention,
            retained=bool(met[Condition.RETAINS]),
        )

    def _texts(self, contrasts: Contrasts) -> dict[Condition, str]:
        written = tuple(map(self.scale.amount, (self.margins.inside, self.margins.outside, self.margins.delta)))
        names, retention = self._names(contrasts), self.analysis.design.retention
        return {
            each: condition_text(each, names, (written[0], written[1], written[2]), retention) for each in Condition
        }

    def _chance(self, contrasts: Contrasts) -> float | None:
        """Return how likely all seeds are to give a label that is waited for; None where there is nothing to say."""
        design = self.analysis.design
        if self.reasons or not design.goes_on or self.paired.pairs == 1:
            return None
        tail, seeds = self.analysis.last_tail, design.looks[-1]
        asked = self.gain if design.require_gain else None
        chances = label_chances(
            self._moments, contrasts, self.margins, design.retention, tail=tail, seeds=seeds, gain=asked
        )
        return max(float(chance) for each, chance in chances.items() if is_waited_for(each, design.stop_at))

    def _conditions(self, contrasts: Contrasts, met: Mapping[Condition, Truths]) -> Iterator[ConditionResult]:
        texts, tests = self._texts(contrasts), p_values(contrasts, self.margins, gain=self._asked)
        for each in (each for each in Condition if each in met):
            p = None if self._checkpoint_only else tests[each]
            yield ConditionResult(
                name=each.value,
                text=texts[each],
                met=bool(met[each]) and not self._checkpoint_only,
                p=p,
                p_adjusted=self.analysis.level.adjusted(p),
            )

    def _need(self, contrasts: Contrasts, met: Mapping[Condition, Truths], found: Label) -> Need | None:
        """Return what the labels that the estimates point at would take, where none that settles it was reached."""
        if self._checkpoint_only:
            return None
        wanted = goals(
            found,
            contrasts,
            self.margins,
            met,
            self._moments,
            retention=self.analysis.design.retention,
            gain=self.gain,
        )
        return need_of(
            wanted,
            seeds=self.paired.pairs,
            items={each.suite.task: each.items for each in (self.inside, self.outside)},
            available=available_of(self.analysis.design, (self.inside, self.outside)),
            tail=self.analysis.tail,
        )

    def _variance(self) -> dict[str, dict[str, float]]:
        """Return each gap's variance by source: of one seed, of the items as they are, of what is left a seed."""
        pairs = contrast_weights(self.analysis.design.retention)
        split = {name: asdict(budget(self._moments, pairs[name])) for name in ("gap_in", "gap_out", "delta")}
        return {name: {key: part[key] for key in ("seed", "item", "residual")} for name, part in split.items()}

    def _points(self) -> Iterator[SeedPoint]:
        outside, inside = self._moments
        for place, k in enumerate(self.paired.kept):
            seed = self.analysis.design.reference.runs[k].seed
            yield SeedPoint(seed=seed, gap_in=float(inside.row_means[place]), gap_out=float(outside.row_means[place]))


def _sides(gap: Contrast) -> tuple[str, str]:
    """Return who leads by the estimate, and the other: by role, for the record."""
    return ("candidate", "reference") if float(gap.estimate) < 0 else ("reference", "candidate")
