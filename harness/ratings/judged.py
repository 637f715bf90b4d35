"""Each mark with its interval: raters and items are crossed, and both are new ones of theirs.

A mark's differences are a matrix, a row a rater and a column an item, as scores are of training seeds and items; the
comparator's own variance and critical value make the interval of it (docs/statistics.md), raters in the place of seeds.
Items that were answered by models of one training seed depend on each other: where there are several seeds they are the
clusters, so that an interval holds for other trainings too. Where the marks are to speak of these trained models alone,
items depend on each other as their own clusters say.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from harness.errors import ComparisonError
from harness.ratings.key import Key, KeyPair
from harness.ratings.marks import MARKS, SIDES, Mark
from harness.ratings.returned import Rater
from harness.statistics.contrast import Contrast, contrast
from harness.statistics.moments import moments
from harness.verdict.analysis import MIN_UNITS
from harness.verdict.estimates import IntervalEstimate
from harness.verdict.level import Level

Floats = npt.NDArray[np.float64]
_FEWEST = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Marked:
    """What was marked on average, with its interval; None where nothing varies, and nothing can be told of others."""

    mean: float
    interval: IntervalEstimate | None


@dataclass(frozen=True, slots=True, kw_only=True)
class MarkGap:
    """One mark of one candidate beside the reference, over the pairs that every rater marked so.

    `gap` is reference minus candidate; `reference` and `rated`, the candidate's, are what each was given. All are None
    where fewer than two pairs were marked by all. `by_rater` is each rater's own gap. `notes` say what a reader must
    know.
    """

    candidate: str
    mark: str
    pairs: int
    reference: Marked | None
    rated: Marked | None
    gap: Marked | None
    by_rater: tuple[float, ...]
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """All marks of all candidates at one family's level."""

    level: Level
    gaps: tuple[MarkGap, ...]


def judge_ratings(key: Key, raters: Sequence[Rater]) -> Judged:
    """Return each mark's gap. Raises `ComparisonError` where no mark was given by all raters to two pairs."""
    comparisons = len(MARKS) * len(key.candidates)
    level = Level(alpha=key.alpha, tail=key.alpha / 2 / comparisons)
    gaps = tuple(_gap(key, name, mark, raters, level) for name in key.candidates for mark in MARKS)
    if all(each.pairs < _FEWEST for each in gaps):
        counts = ", ".join(f"{each.name} {len(each.marks)}" for each in raters)
        raise ComparisonError(
            f"raters have fewer than two pairs in common in every mark (pairs with marks: {counts}): an interval takes "
            "two or more. Wait for more marks, or leave out who marked least."
        )
    return Judged(level=level, gaps=gaps)


def _gap(key: Key, candidate: str, mark: Mark, raters: Sequence[Rater], level: Level) -> MarkGap:
    pairs = key.of_candidate(candidate)
    of_reference = np.array([[_value(mark, rater, pair, key.reference) for pair in pairs] for rater in raters])
    of_candidate = np.array([[_value(mark, rater, pair, candidate) for pair in pairs] for rater in raters])
    differences = of_reference - of_candidate
    by_all = np.isfinite(differences).all(axis=0)
    kept = [pair for pair, whole in zip(pairs, by_all, strict=True) if whole]
    marked = int(np.isfinite(differences).any(axis=0).sum())
    notes = [] if len(kept) == marked else [f"{marked - len(kept)} pairs were marked by some raters only and left out"]
    found: list[Marked | None] = [None, None, None]
    rows: tuple[float, ...] = ()
    if len(kept) >= _FEWEST:
        clusters = _clusters(key, kept)
        notes += _doubts(key, clusters, differences[:, by_all])
        matrices = [each[:, by_all] for each in (of_reference, of_candidate, differences)]
        found = [_marked(each, clusters, level, few=key.of_recipes) for each in matrices]
        rows = tuple(float(mean) for mean in matrices[-1].mean(axis=1))
    elif marked:
        notes.append("too few pairs were marked by all raters for an interval")
    else:
        notes.append("nobody marked both sides of a pair" if not mark.of_pair else "nobody marked it")
    reference, rated, gap = found
    return MarkGap(
        candidate=candidate,
        mark=mark.name,
        pairs=len(kept),
        reference=reference,
        rated=rated,
        gap=gap,
        by_rater=rows,
        notes=tuple(notes),
    )


def _value(mark: Mark, rater: Rater, pair: KeyPair, recipe: str) -> float:
    """Return what a rater gave a recipe in a pair, NaN where nothing: of a preference, 1 to the preferred side."""
    marks, side = rater.marks.get(pair.pair, {}), SIDES[pair.b == recipe]
    if mark.of_pair:
        first = marks.get(mark.name, np.nan)
        return first if side == SIDES[0] else 1 - first
    return marks.get(f"{mark.name}_{side}", np.nan)


def _clusters(key: Key, pairs: Sequence[KeyPair]) -> npt.NDArray[np.int64]:
    """Return which pairs depend on each other: those of one training seed, or those of one cluster of questions."""
    if key.of_recipes:
        labels = [f"seed {pair.training_seed}" for pair in pairs]
    else:
        labels = [pair.item if pair.cluster is None else f"cluster {pair.cluster}" for pair in pairs]
    return np.unique(labels, return_inverse=True)[1].astype(np.int64)


def rated(values: Floats, clusters: npt.NDArray[np.int64], *, few: bool) -> Contrast:
    """Return the mean of ``(..., raters, items)`` with its variance over new raters and new clusters of items.

    Of `few` clusters, such as training seeds, the item variance keeps the residual that the variance between raters
    holds too: without it, it is floored at 0 too often, and intervals that are to hold 95 times of 100 hold 90.
    """
    reduced = moments(values, clusters)
    found = contrast((reduced,), (1.0,))
    return replace(found, item_variance=reduced.column_variance) if few else found


def _marked(values: Floats, clusters: npt.NDArray[np.int64], level: Level, *, few: bool) -> Marked:
    """Return the mean of ``(raters, items)``, with its interval unless nothing varies or all items are one cluster."""
    found = rated(values, clusters, few=few)
    told = len(np.unique(clusters)) >= _FEWEST and float(found.variance) > 0
    return Marked(mean=float(values.mean()), interval=IntervalEstimate.of(found, level) if told else None)


def _doubts(key: Key, clusters: npt.NDArray[np.int64], differences: Floats) -> Iterator[str]:
    """Yield why an interval says less than it seems to, or is not there."""
    units = len(np.unique(clusters))
    if not np.ptp(differences):
        yield f"the difference is {differences.flat[0]:+g} everywhere: there is no variation to make an interval of"
    elif units < _FEWEST:
        of = "training seed" if key.of_recipes else "cluster of questions"
        yield f"all pairs that all raters marked are of one {of}: there is no interval"
    elif not key.of_recipes and units < MIN_UNITS:
        yield f"{units} independent questions, {MIN_UNITS} are needed to know how questions differ"
