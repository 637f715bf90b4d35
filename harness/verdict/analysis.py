"""A design's scores as they are judged: each candidate paired with the reference, and the level of each family."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from harness.compare.design import Arm, Design
from harness.compare.scores import SuiteScores
from harness.spec.records import Role, Suite
from harness.statistics.contrast import SeedRule, SeedVariance
from harness.statistics.critical import Array, primary_comparisons
from harness.statistics.moments import Moments, moments
from harness.verdict.level import Level

MIN_PAIRS_AFTER_FAILURES = 3
MIN_UNITS = 8
"""Fewer clusters (or items) than this do not tell how items differ: their variance is too poorly known."""

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class PairedScores:
    """Paired differences of a candidate, by task; `kept` are the positions of the seeds that pair.

    Those of guards are apart: a task may tell what was learned by one metric, and be a guard by another.
    """

    candidate: Arm
    kept: tuple[int, ...]
    planned: int
    suites: Mapping[str, Moments]
    guards: Mapping[str, Moments]
    waiting: int = 0
    """Seeds that have not run before the first look, which is not taken without them."""

    def of(self, suite: Suite) -> Moments | None:
        """Return the differences on a suite; None where no seed pairs."""
        return (self.guards if suite.role == "guard" else self.suites).get(suite.task)

    @property
    def pairs(self) -> int:
        """Number of seeds with scores on both sides."""
        return len(self.kept)

    @property
    def failed(self) -> bool:
        """Whether a pair was lost to a failed run."""
        return self.pairs < self.planned


@dataclass(frozen=True, slots=True, kw_only=True)
class Analysis:
    """A design with its scores, one `PairedScores` a candidate, and the error rate of each family of comparisons."""

    design: Design
    scores: Sequence[SuiteScores]
    candidates: tuple[PairedScores, ...]

    @classmethod
    def of(cls, design: Design, scores: Sequence[SuiteScores], *, failures_worst: bool = False) -> "Analysis":
        """Pair every candidate with the reference."""
        paired = tuple(pair_scores(design, scores, arm, failures_worst=failures_worst) for arm in design.candidates)
        return cls(design=design, scores=scores, candidates=paired)

    def suites_of(self, role: Role) -> tuple[SuiteScores, ...]:
        """Return the scores of the suites that play one role."""
        return tuple(one for one in self.scores if one.suite.role == role)

    @property
    def comparisons(self) -> int:
        """Number of primary comparisons that are declared, over which the error rate is shared (Bonferroni).

        A suite that cannot be compared counts: that the others do not profit from it keeps their error rate.
        """
        inside, outside = len(self.design.suites_of("in_domain")), len(self.design.suites_of("out_of_domain"))
        return primary_comparisons(len(self.design.candidates), inside, outside)

    @property
    def level(self) -> Level:
        """The primary comparisons' error rate."""
        return Level.shared_by(self.comparisons, self.design)

    @property
    def tail(self) -> float:
        """One-sided error probability of every condition of a primary comparison."""
        return self.level.tail

    @property
    def last_tail(self) -> float:
        """The same at the last look, which has all seeds."""
        return self.design.tail(self.comparisons, len(self.design.looks))

    @property
    def guard_level(self) -> Level:
        """That of arms x guards: a family of its own, since it answers another question."""
        return Level.shared_by(len(self.design.arms) * len(self.design.suites_of("guard")), self.design)

    @property
    def extra_level(self) -> Level:
        """That of extra forgetting: candidates x guards, a family of its own as well."""
        return Level.shared_by(len(self.design.candidates) * len(self.design.suites_of("guard")), self.design)

    def seed_rule(self, pairs: int) -> SeedRule | None:
        """Return the variance between seeds that the design declares, which is used where there is a single pair.

        It is that of one suite's difference; two suites are given the worst covariance that they can have.
        """
        sd, df = self.design.variances.get("seed_sd"), self.design.variances.get("seed_df")
        if pairs != 1 or sd is None or df is None:
            return None
        variance = sd**2
        return lambda weights: SeedVariance(variance=_largest_square(weights) * variance, df=df)


def pair_scores(
    design: Design, scores: Sequence[SuiteScores], candidate: Arm, *, failures_worst: bool = False
) -> PairedScores:
    """Pair a candidate with the reference; pairs with a failed run are dropped, or (`failures_worst`) kept.

    A kept failed run gets the worst score on every item. Where both sides failed the pair is always dropped.
    """
    sides = list(zip(design.reference.ran, candidate.ran, strict=True))
    kept = tuple(k for k, both in enumerate(sides) if (any(both) if failures_worst else all(both)))
    suites: dict[str, Moments] = {}
    guards: dict[str, Moments] = {}
    for one in scores:
        if kept:
            rows = list(kept)
            first, second = one.values[design.reference.name][rows], one.values[candidate.name][rows]
            if failures_worst:
                first, second = _worst(first, one.worst), _worst(second, one.worst)
            found = guards if one.suite.role == "guard" else suites
            found[one.suite.task] = suite_moments(one, first - second)
    return PairedScores(
        candidate=candidate, kept=kept, planned=design.seeds, suites=suites, guards=guards, waiting=design.waiting
    )


def suite_moments(scores: SuiteScores, differences: Floats) -> Moments:
    """Reduce one suite's differences ``(seeds, items)`` with its clusters."""
    found = moments(differences, scores.clusters, fixed=scores.suite.fixed_items)
    return replace(found, items=scores.items)  # of a score over all items, the columns are units of them


def weaknesses(paired: PairedScores, scores: Sequence[SuiteScores]) -> Iterator[str]:
    """Yield why paired scores cannot carry a verdict on these suites, if they cannot."""
    if paired.waiting:
        yield f"the first look is at {paired.planned} seeds, {paired.waiting} of them still to be run"
    elif paired.pairs == 0:
        yield "no seed has scores on both sides"
    elif paired.failed and paired.pairs < MIN_PAIRS_AFTER_FAILURES:
        yield (
            f"only {paired.pairs} of {paired.planned} pairs of runs are left after failures, "
            f"{MIN_PAIRS_AFTER_FAILURES} are needed"
        )
    for one in scores:
        yield from few_units(one)
        differences = paired.of(one.suite)
        if differences is not None:
            yield from degenerate(differences, one.suite.task)


def few_units(scores: SuiteScores) -> Iterator[str]:
    """Yield if a suite has too few independent items, unless they are declared to be the whole population."""
    if scores.units < MIN_UNITS and not scores.suite.fixed_items:
        kind = "items" if scores.clusters is None else "clusters of items"
        yield f"{scores.suite.task} has {scores.units} {kind}, {MIN_UNITS} are needed"


def degenerate(differences: Moments, task: str) -> Iterator[str]:
    """Yield if the differences do not vary, so that they carry no error to measure."""
    means = differences.row_means
    if differences.seeds > 1 and not np.ptp(means).any() and float(differences.trace) > 0:
        same = np.isclose(float(differences.total), differences.seeds * float(differences.trace), rtol=1e-9)
        if same:
            yield f"on {task} all seeds have the same scores: the seed changed nothing, or one run was copied"
    elif not float(differences.trace) > 0 and not np.ptp(means).any() and not _single_fixed(differences):
        what = "no difference at all" if not means.any() else "the same difference on every item"
        yield f"on {task} there is {what}, for every seed (were the adapters applied?)"


def seed_notes(paired: PairedScores, variances: Mapping[str, float]) -> Iterator[str]:
    """Yield what a reader must know about the number of seeds."""
    if paired.failed and paired.pairs and not paired.waiting:
        yield f"{paired.planned - paired.pairs} of {paired.planned} pairs of runs are left out: one of the two failed"
    if paired.pairs == 1:
        if "seed_df" in variances:
            yield "one seed: the variance between seeds is the one declared, not measured here"
        else:
            yield "one seed: this speaks of this checkpoint only, not of the recipe; the interval is over items alone"
    elif paired.pairs == 2:  # noqa: PLR2004
        yield "two seeds: the variance between seeds is very poorly known; the intervals hold, and are wide for it"


def _worst(values: Floats, worst: float) -> Floats:
    return np.where(np.isnan(values), worst, values)


def _single_fixed(differences: Moments) -> bool:
    return differences.fixed and differences.seeds == 1


def _largest_square(weights: Sequence[Array]) -> Array:
    """Return the variance of a contrast of unit variances whose covariance is the worst there can be."""
    return np.asarray(sum(np.abs(weight) for weight in weights)) ** 2
