"""One candidate beside the reference: which seeds pair, and the reduced differences of each suite."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from harness.compare.design import Arm, Design
from harness.compare.scores import SuiteScores
from harness.statistics.contrast import SeedRule, SeedVariance, per_seed, pooled
from harness.statistics.critical import Array
from harness.statistics.moments import Moments, moments

MIN_PAIRS_AFTER_FAILURES = 3
MIN_UNITS = 8
"""Fewer clusters (or items) than this do not tell how items differ: their variance is too poorly known."""

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Panel:
    """Paired differences of a candidate, by task; `kept` are the positions of the seeds that pair."""

    candidate: Arm
    kept: tuple[int, ...]
    planned: int
    suites: Mapping[str, Moments]

    @property
    def pairs(self) -> int:
        """Number of seeds with scores on both sides."""
        return len(self.kept)

    @property
    def failed(self) -> bool:
        """Whether a pair was lost to a failed run."""
        return self.pairs < self.planned


def panel(design: Design, scores: Sequence[SuiteScores], candidate: Arm, *, failures_worst: bool = False) -> Panel:
    """Pair a candidate with the reference; pairs with a failed run are dropped, or (`failures_worst`) kept.

    A kept failed run gets the worst score on every item. Where both sides failed the pair is always dropped.
    """
    sides = list(zip(design.reference.ran, candidate.ran, strict=True))
    kept = tuple(k for k, both in enumerate(sides) if (any(both) if failures_worst else all(both)))
    suites = {}
    for one in scores:
        if one.suite.role != "guard" and kept:
            rows = list(kept)
            first, second = one.values[design.reference.name][rows], one.values[candidate.name][rows]
            if failures_worst:
                first, second = _worst(first, one.worst), _worst(second, one.worst)
            suites[one.suite.task] = reduce(one, first - second)
    return Panel(candidate=candidate, kept=kept, planned=design.seeds, suites=suites)


def reduce(scores: SuiteScores, differences: Floats) -> Moments:
    """Reduce one suite's differences ``(seeds, items)`` with its clusters."""
    return moments(differences, scores.clusters, fixed=scores.suite.fixed_items)


def seed_rule(design: Design, panels: Sequence[Panel], outside: str, inside: str, pairs: int) -> SeedRule | None:
    """Return the variance between seeds that the design declares for a comparison of `pairs` seeds, if any.

    A single pair takes the declared ``seed_sd``, at the worst covariance that two suites can have. Otherwise
    seeds are pooled over the candidates where the spec asks for it.
    """
    declared, df = design.variances.get("seed_sd"), design.variances.get("seed_df")
    if pairs == 1 and declared is not None and df is not None:
        sd = declared
        return lambda weights: SeedVariance(variance=_bound(weights) * sd**2, df=df)
    wide = [each for each in panels if each.pairs > 1]
    if pairs > 1 and design.pool_seed_variance and len(wide) > 1:
        suites = [(each.suites[outside], each.suites[inside]) for each in wide]
        return lambda weights: pooled([per_seed(pair, weights) for pair in suites])
    return None


def weaknesses(panel: Panel, scores: Sequence[SuiteScores]) -> Iterator[str]:
    """Yield why a panel cannot carry a verdict on these suites, if it cannot."""
    if panel.pairs == 0:
        yield "no seed has scores on both sides"
    elif panel.failed and panel.pairs < MIN_PAIRS_AFTER_FAILURES:
        yield (
            f"only {panel.pairs} of {panel.planned} pairs of runs are left after failures, "
            f"{MIN_PAIRS_AFTER_FAILURES} are needed"
        )
    for one in scores:
        yield from few_units(one)
        if one.suite.task in panel.suites:
            yield from degenerate(panel.suites[one.suite.task], one.suite.task)


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


def _single_fixed(differences: Moments) -> bool:
    return differences.fixed and differences.seeds == 1


def _worst(values: Floats, worst: float) -> Floats:
    return np.where(np.isnan(values), worst, values)


def _bound(weights: Sequence[Array]) -> Array:
    return np.asarray(sum(np.abs(weight) for weight in weights)) ** 2
