"""The verdict on one candidate, one in-domain suite and one out-of-domain suite."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict

from harness.compare.scores import SuiteScores, common_model
from harness.statistics.contrast import SeedRule
from harness.statistics.moments import Moments
from harness.statistics.planning import budget
from harness.statistics.ratio import ratio_set
from harness.verdict.analysis import Analysis, PairedScores, seed_notes, weaknesses
from harness.verdict.records import (
    ConditionResult,
    IntervalEstimate,
    PersistenceComparison,
    RequiredSample,
    SeedPoint,
)
from harness.verdict.required_sample import MissedCondition, required_sample
from harness.verdict.rules import (
    RULES,
    Condition,
    Contrasts,
    Label,
    Margins,
    conditions,
    contrast_weights,
    label,
    p_values,
)
from harness.verdict.wording import Names, Scale, condition_text, insufficient_sentence, persistence_sentence

_CONTRAST_OF = {
    Condition.IN_WITHIN: "gap_in",
    Condition.IN_GAP: "gap_in",
    Condition.OUT_WITHIN: "gap_out",
    Condition.OUT_SAME: "gap_out",
    Condition.OUT_OTHER: "gap_out",
    Condition.SHRINKS: "delta",
    Condition.GROWS: "delta",
    Condition.RETAINS: "retention",
    Condition.UNCHANGED: "delta",
}
_WITHIN = (Condition.IN_WITHIN, Condition.OUT_WITHIN, Condition.UNCHANGED)


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

    def label(self) -> Label:
        """Return the label alone."""
        if self.reasons:
            return Label.INSUFFICIENT
        if self._checkpoint_only:
            return Label.INCONCLUSIVE
        return label(conditions(self.contrasts(), self.margins, self.analysis.tail))

    def contrasts(self) -> Contrasts:
        """Return the four contrasts."""
        first, second = self._moments
        return Contrasts.of(first, second, self.analysis.design.retention, self._rule)

    def record(self, worst: Label | None) -> PersistenceComparison:
        """Return the whole result; `worst` is the label with failed runs at their worst, if any failed."""
        found = self.label()
        contrasts = self.contrasts() if self.paired.suites else None
        gaps = self._estimates(contrasts) if contrasts else {}
        met = conditions(contrasts, self.margins, self.analysis.tail) if contrasts else {}
        has_verdict = found not in (Label.INSUFFICIENT, Label.INCONCLUSIVE)
        unchanged = bool(met) and found is Label.PERSISTS and bool(met[Condition.UNCHANGED])
        leads_in = has_verdict and found is not Label.NO_GAP
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
            unchanged=unchanged,
            better_in_domain=self._sides(contrasts)[0] if contrasts and leads_in else None,
            fragile=worst is not None and worst is not found,
            verdict_if_failures_are_worst=worst.value if worst else None,
            sentence=self._sentence(found, gaps, contrasts, unchanged=unchanged),
            seeds=self.paired.pairs,
            items_in=self.inside.items,
            items_out=self.outside.items,
            units_in=self.inside.units,
            units_out=self.outside.units,
            gap_in=gaps.get("gap_in"),
            gap_out=gaps.get("gap_out"),
            delta=gaps.get("delta"),
            retention=gaps.get("retention"),
            ratio=ratio_set(*self._moments, self.analysis.tail, seed_rule=self._rule) if contrasts else None,
            conditions=tuple(self._conditions(contrasts, met)) if contrasts else (),
            variance=self._variance() if self.paired.pairs > 1 else {},
            per_seed=tuple(self._points()) if contrasts else (),
            need=self._required_sample(contrasts, met, found) if contrasts else None,
            notes=tuple(seed_notes(self.paired, self.analysis.design.variances)),
        )

    @property
    def _moments(self) -> tuple[Moments, Moments]:
        """The out-of-domain and the in-domain differences."""
        return self.paired.suites[self.outside.suite.task], self.paired.suites[self.inside.suite.task]

    @property
    def _rule(self) -> SeedRule | None:
        outside, inside = self.outside.suite.task, self.inside.suite.task
        return self.analysis.seed_rule(outside, inside, self.paired.pairs)

    @property
    def _checkpoint_only(self) -> bool:
        return self.paired.pairs == 1 and self._rule is None

    def _estimates(self, contrasts: Contrasts) -> dict[str, IntervalEstimate]:
        comparisons = self.analysis.comparisons
        return {
            name: IntervalEstimate.of(getattr(contrasts, name), self.analysis.tail, comparisons)
            for name in contrast_weights(0.0)
        }

    def _sides(self, contrasts: Contrasts) -> tuple[str, str]:
        """Return who leads in-domain by the estimate, and the other: by role, for the record."""
        return ("candidate", "reference") if float(contrasts.gap_in.estimate) < 0 else ("reference", "candidate")

    def _names(self, contrasts: Contrasts) -> Names:
        arms = {"reference": self.analysis.design.reference.name, "candidate": self.paired.candidate.name}
        leader, other = self._sides(contrasts)
        return Names(arms[leader], arms[other], self.inside.suite.task, self.outside.suite.task)

    def _sentence(
        self, found: Label, gaps: Mapping[str, IntervalEstimate], contrasts: Contrasts | None, *, unchanged: bool
    ) -> str:
        if found is Label.INSUFFICIENT or contrasts is None:
            return insufficient_sentence(self.reasons)
        return persistence_sentence(
            found,
            self._names(contrasts),
            (gaps["gap_in"], gaps["gap_out"]),
            (self.margins.inside, self.margins.outside),
            scale=self.scale,
            level=self.analysis.level,
            retention=self.analysis.design.retention,
            unchanged=unchanged,
        )

    def _texts(self, contrasts: Contrasts) -> dict[Condition, str]:
        written = tuple(map(self.scale.amount, (self.margins.inside, self.margins.outside, self.margins.delta)))
        names, retention = self._names(contrasts), self.analysis.design.retention
        return {
            each: condition_text(each, names, (written[0], written[1], written[2]), retention) for each in Condition
        }

    def _conditions(self, contrasts: Contrasts, met: Mapping[Condition, object]) -> Iterator[ConditionResult]:
        texts, tests = self._texts(contrasts), p_values(contrasts, self.margins)
        for each in Condition:
            adjusted = min(1.0, tests[each] * self.analysis.comparisons)
            allowed = bool(met[each]) and not self._checkpoint_only
            yield ConditionResult(name=each.value, text=texts[each], met=allowed, p=tests[each], p_adjusted=adjusted)

    def _required_sample(
        self, contrasts: Contrasts, met: Mapping[Condition, object], found: Label
    ) -> RequiredSample | None:
        """Return what the label that the estimates point at would take, where it was not reached."""
        target = label(conditions(contrasts, self.margins, None))
        if self.reasons or found is target:
            return None
        texts = self._texts(contrasts)
        wanted = [each for each in dict(RULES).get(target, ()) if not bool(met[each])]
        missed = [self._missed(each, texts[each], contrasts) for each in wanted]
        items = {self.outside.suite.task: self.outside.items, self.inside.suite.task: self.inside.items}
        return required_sample(missed, target.value, items, self.analysis.tail, self.scale)

    def _missed(self, condition: Condition, text: str, contrasts: Contrasts) -> MissedCondition:
        name = _CONTRAST_OF[condition]
        margins = {"gap_in": self.margins.inside, "gap_out": self.margins.outside}
        return MissedCondition(
            name=condition.value,
            text=text,
            suites=self._moments,
            weights=contrast_weights(self.analysis.design.retention)[name],
            value=float(getattr(contrasts.oriented, name).estimate),
            sesoi=margins.get(name, self.margins.delta),
            both_ends=condition in _WITHIN,
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
