"""The verdict on one candidate, one in-domain suite and one out-of-domain suite."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict

from harness.compare.scores import SuiteScores
from harness.statistics.contrast import SeedRule
from harness.statistics.moments import Moments
from harness.statistics.planning import budget
from harness.statistics.ratio import ratio_set
from harness.verdict.estimates import estimate
from harness.verdict.evidence import Evidence, evidence, weights
from harness.verdict.needs import Missed, need
from harness.verdict.panel import Panel, seed_rule, weaknesses
from harness.verdict.records import Comparison, ConditionResult, Estimate, Need, SeedPoint
from harness.verdict.rules import RULES, Condition, Label, Margins, conditions, label, p_values
from harness.verdict.sentences import insufficient_sentence, persistence_sentence
from harness.verdict.setting import Setting
from harness.verdict.wording import Names, Scale, condition_text

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
    """Judges one comparison of a setting; `record` is its result."""

    def __init__(self, setting: Setting, panel: Panel, inside: SuiteScores, outside: SuiteScores) -> None:
        self.setting = setting
        self.panel = panel
        self.inside = inside
        self.outside = outside
        design = setting.design
        self.margins = Margins(design.sesoi_of(inside.suite), design.sesoi_of(outside.suite))
        self.scale = Scale(inside.suite.metric)
        self.reasons = list(weaknesses(panel, (inside, outside)))

    def label(self) -> Label:
        """Return the label alone."""
        if self.reasons:
            return Label.INSUFFICIENT
        if self._checkpoint_only:
            return Label.INCONCLUSIVE
        return label(conditions(self.evidence(), self.margins, self.setting.tail))

    def evidence(self) -> Evidence:
        """Return the four contrasts."""
        first, second = self._moments
        return evidence(first, second, self.setting.design.retention, self._rule)

    def record(self, worst: Label | None) -> Comparison:
        """Return the whole result; `worst` is the label with failed runs at their worst, if any failed."""
        found = self.label()
        shown = self.evidence() if self.panel.suites else None
        gaps = self._estimates(shown) if shown else {}
        met = conditions(shown, self.margins, self.setting.tail) if shown else {}
        settled = found not in (Label.INSUFFICIENT, Label.INCONCLUSIVE)
        unchanged = bool(met) and found is Label.PERSISTS and bool(met[Condition.UNCHANGED])
        leads_in = settled and found is not Label.NO_GAP
        return Comparison(
            reference=self.setting.design.reference.name,
            candidate=self.panel.candidate.name,
            in_domain=self.inside.suite.task,
            out_of_domain=self.outside.suite.task,
            metric=self.inside.suite.metric,
            higher_is_better=self.inside.higher_is_better,
            sesoi_in=self.margins.inside,
            sesoi_out=self.margins.outside,
            verdict=found.value,
            unchanged=unchanged,
            better_in_domain=self._sides(shown)[0] if shown and leads_in else None,
            fragile=worst is not None and worst is not found,
            verdict_if_failures_are_worst=worst.value if worst else None,
            sentence=self._sentence(found, gaps, shown, unchanged=unchanged),
            seeds=self.panel.pairs,
            items_in=self.inside.items,
            items_out=self.outside.items,
            units_in=self.inside.units,
            units_out=self.outside.units,
            gap_in=gaps.get("gap_in"),
            gap_out=gaps.get("gap_out"),
            delta=gaps.get("delta"),
            retention=gaps.get("retention"),
            ratio=ratio_set(*self._moments, self.setting.tail, seed_rule=self._rule) if shown else None,
            conditions=tuple(self._conditions(shown, met)) if shown else (),
            variance=self._variance() if self.panel.pairs > 1 else {},
            per_seed=tuple(self._points()) if shown else (),
            need=self._need(shown, met, found) if shown else None,
            notes=tuple(self._notes()),
        )

    @property
    def _moments(self) -> tuple[Moments, Moments]:
        """The out-of-domain and the in-domain differences."""
        return self.panel.suites[self.outside.suite.task], self.panel.suites[self.inside.suite.task]

    @property
    def _rule(self) -> SeedRule | None:
        outside, inside = self.outside.suite.task, self.inside.suite.task
        return seed_rule(self.setting.design, self.setting.panels, outside, inside, self.panel.pairs)

    @property
    def _checkpoint_only(self) -> bool:
        return self.panel.pairs == 1 and self._rule is None

    def _estimates(self, shown: Evidence) -> dict[str, Estimate]:
        comparisons = self.setting.comparisons
        return {name: estimate(getattr(shown, name), self.setting.tail, comparisons) for name in weights(0.0)}

    def _sides(self, shown: Evidence) -> tuple[str, str]:
        """Return who leads in-domain by the estimate, and the other: by role, for the record."""
        return ("candidate", "reference") if float(shown.gap_in.estimate) < 0 else ("reference", "candidate")

    def _names(self, shown: Evidence) -> Names:
        arms = {"reference": self.setting.design.reference.name, "candidate": self.panel.candidate.name}
        leader, other = self._sides(shown)
        return Names(arms[leader], arms[other], self.inside.suite.task, self.outside.suite.task)

    def _sentence(self, found: Label, gaps: Mapping[str, Estimate], shown: Evidence | None, *, unchanged: bool) -> str:
        if found is Label.INSUFFICIENT or shown is None:
            return insufficient_sentence(self.reasons)
        return persistence_sentence(
            found,
            self._names(shown),
            (gaps["gap_in"], gaps["gap_out"]),
            (self.margins.inside, self.margins.outside),
            scale=self.scale,
            level=self.setting.level,
            retention=self.setting.design.retention,
            unchanged=unchanged,
        )

    def _texts(self, shown: Evidence) -> dict[Condition, str]:
        written = tuple(map(self.scale.amount, (self.margins.inside, self.margins.outside, self.margins.delta)))
        names, retention = self._names(shown), self.setting.design.retention
        return {
            each: condition_text(each, names, (written[0], written[1], written[2]), retention) for each in Condition
        }

    def _conditions(self, shown: Evidence, met: Mapping[Condition, object]) -> Iterator[ConditionResult]:
        texts, tests = self._texts(shown), p_values(shown, self.margins)
        for each in Condition:
            adjusted = min(1.0, tests[each] * self.setting.comparisons)
            allowed = bool(met[each]) and not self._checkpoint_only
            yield ConditionResult(name=each.value, text=texts[each], met=allowed, p=tests[each], p_adjusted=adjusted)

    def _need(self, shown: Evidence, met: Mapping[Condition, object], found: Label) -> Need | None:
        """Return what the label that the estimates point at would take, where it was not reached."""
        target = label(conditions(shown, self.margins, None))
        if self.reasons or found is target:
            return None
        texts = self._texts(shown)
        wanted = [each for each in dict(RULES).get(target, ()) if not bool(met[each])]
        missed = [self._missed(each, texts[each], shown) for each in wanted]
        items = {self.outside.suite.task: self.outside.items, self.inside.suite.task: self.inside.items}
        return need(missed, target.value, items, self.setting.tail, self.scale)

    def _missed(self, condition: Condition, text: str, shown: Evidence) -> Missed:
        name = _CONTRAST_OF[condition]
        margins = {"gap_in": self.margins.inside, "gap_out": self.margins.outside}
        return Missed(
            name=condition.value,
            text=text,
            suites=self._moments,
            weights=weights(self.setting.design.retention)[name],
            value=float(getattr(shown.oriented, name).estimate),
            sesoi=margins.get(name, self.margins.delta),
            both_ends=condition in _WITHIN,
        )

    def _variance(self) -> dict[str, dict[str, float]]:
        """Return each gap's variance by source: of one seed, of the items as they are, of what is left a seed."""
        pairs = weights(self.setting.design.retention)
        split = {name: asdict(budget(self._moments, pairs[name])) for name in ("gap_in", "gap_out", "delta")}
        return {name: {key: part[key] for key in ("seed", "item", "residual")} for name, part in split.items()}

    def _points(self) -> Iterator[SeedPoint]:
        outside, inside = self._moments
        for place, k in enumerate(self.panel.kept):
            seed = self.setting.design.reference.runs[k].seed
            yield SeedPoint(seed=seed, gap_in=float(inside.row_means[place]), gap_out=float(outside.row_means[place]))

    def _notes(self) -> Iterator[str]:
        yield from panel_notes(self.panel, self.setting.design.variances)


def panel_notes(panel: Panel, variances: Mapping[str, float]) -> Iterator[str]:
    """Yield what a reader must know about the number of seeds."""
    if panel.failed and panel.pairs:
        yield f"{panel.planned - panel.pairs} of {panel.planned} pairs of runs are left out: one of the two failed"
    if panel.pairs == 1:
        if "seed_df" in variances:
            yield "one seed: the variance between seeds is the one declared, not measured here"
        else:
            yield "one seed: this speaks of this checkpoint only, not of the recipe; the interval is over items alone"
    elif panel.pairs == 2:  # noqa: PLR2004
        yield (
            "two seeds: the variance between seeds is very poorly known; the intervals are wide, and where seeds "
            "differ much they hold the truth slightly less often than they say"
        )
