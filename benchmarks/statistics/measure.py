"""Coverage, labels and today's interval methods over simulated data, through the comparator's own code."""

from collections.abc import Callable, Iterable, Sequence

import numpy as np

from benchmarks.statistics.world import World, draws
from harness.statistics.contrast import contrast
from harness.statistics.moments import Moments, moments
from harness.verdict.rules import Condition, Contrasts, Label, Margins, conditions, labels

RETENTION = 0.5
SESOI = 0.02
TAIL = 0.025


Size = tuple[int, int]
Reduced = list[list[Moments]]
"""Moments by candidate and domain."""


def reduced(world: World, replicates: int, rng: np.random.Generator, sizes: Sequence[Size] = ()) -> dict[Size, Reduced]:
    """Return the moments of all replicates at each size, (seeds, items): the first ones of the world's.

    Sizes share their draws, which makes them dependent on each other and four times cheaper.
    """
    wanted = sizes or ((world.seeds, world.items),)
    parts: dict[Size, list[Reduced]] = {size: [] for size in wanted}
    for chunk in draws(world, replicates, rng):
        for seeds, items in wanted:
            clusters = None if world.clusters is None else world.clusters[:items]
            cut = chunk[..., :seeds, :items]
            parts[seeds, items].append([[moments(domain, clusters) for domain in candidate] for candidate in cut])
    return {size: _together(each) for size, each in parts.items()}


def _together(parts: list[Reduced]) -> Reduced:
    shape = parts[0]
    return [[_joined([part[c][d] for part in parts]) for d in range(len(shape[c]))] for c in range(len(shape))]


def _joined(parts: list[Moments]) -> Moments:
    first = parts[0]
    return Moments(
        row_means=np.concatenate([part.row_means for part in parts]),
        total=np.concatenate([part.total for part in parts]),
        trace=np.concatenate([part.trace for part in parts]),
        units=first.units,
        items=first.items,
    )


def coverage(world: World, replicates: int, rng: np.random.Generator) -> dict[str, float]:
    """Return the share of 95% intervals that hold the truth: gap, delta and ratio, of the first candidate."""
    (found,) = coverages(world, replicates, rng, ()).values()
    return found


def coverages(
    world: World, replicates: int, rng: np.random.Generator, sizes: Sequence[Size]
) -> dict[Size, dict[str, float]]:
    """Return coverage at each size."""
    found = reduced(world, replicates, rng, sizes)
    return {size: _coverage(world.candidates[0], *each[0]) for size, each in found.items()}


def _coverage(truth: Sequence[float], inside: Moments, outside: Moments) -> dict[str, float]:
    true_in, true_out = truth
    shown = Contrasts.of(outside, inside, RETENTION)
    line = contrast((outside, inside), (1.0, -true_out / true_in))
    return {
        "gap": _covers(shown.gap_in, true_in),
        "delta": _covers(shown.delta, true_out - true_in),
        "ratio": _covers(line, 0.0),
    }


def _covers(one, truth: float) -> float:  # noqa: ANN001 - a Contrast
    low, high = one.interval(TAIL)
    return float(np.mean((low <= truth) & (truth <= high)))


def false_labels(world: World, replicates: int, rng: np.random.Generator) -> dict[str, float]:
    """Return how often each label that is untrue in this world is given, and any of them."""
    found, sides, unchanged = _labelled(world, replicates, rng, TAIL)[0]
    true = _truths(world.candidates[0])
    wrong = {label.value: (found == label.value) & ~_is_true(label, true, sides) for label in Label}
    steady = (found == Label.PERSISTS.value) & unchanged
    wrong["unchanged"] = steady & (abs(world.candidates[0][1] - world.candidates[0][0]) >= SESOI)
    rates = {name: float(np.mean(each)) for name, each in wrong.items()}
    rates["any"] = float(np.mean(np.logical_or.reduce(list(wrong.values()))))
    return rates


def given(world: World, replicates: int, rng: np.random.Generator) -> dict[str, float]:
    """Return how often each label is given."""
    found, _, _ = _labelled(world, replicates, rng, TAIL)[0]
    return {label.value: float(np.mean(found == label.value)) for label in Label}


def family_error(world: World, replicates: int, rng: np.random.Generator) -> float:
    """Return how often any of candidates x out-of-domain suites gets an untrue label, under Bonferroni."""
    comparisons = len(world.candidates) * (world.domains - 1)
    outcomes = _labelled(world, replicates, rng, TAIL / comparisons)
    wrong = []
    pairs = [(gaps[0], out) for gaps in world.candidates for out in gaps[1:]]
    for (found, sides, unchanged), pair in zip(outcomes, pairs, strict=True):
        true = _truths(pair)
        wrong += [(found == label.value) & ~_is_true(label, true, sides) for label in Label]
        wrong.append((found == Label.PERSISTS.value) & unchanged & (abs(pair[1] - pair[0]) >= SESOI))
    return float(np.mean(np.logical_or.reduce(wrong)))


def _labelled(
    world: World, replicates: int, rng: np.random.Generator, tail: float
) -> list[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """Return label, observed side of the in-domain gap and "unchanged" of each comparison, replicate by replicate."""
    results = []
    (found,) = reduced(world, replicates, rng).values()
    for inside, *others in found:
        for outside in others:
            shown = Contrasts.of(outside, inside, RETENTION)
            met = conditions(shown, Margins(SESOI, SESOI), tail)
            side = np.where(shown.gap_in.estimate < 0, -1, 1)
            results.append((labels(met), side, met[Condition.UNCHANGED]))
    return results


def _truths(pair: Iterable[float]) -> Callable[[int], dict[Label, bool]]:
    gap_in, gap_out = pair

    def of(side: int) -> dict[Label, bool]:
        first, second = side * gap_in, side * gap_out
        lead, there = first > 0, second > 0
        return {
            Label.NO_GAP: abs(first) < SESOI,
            Label.VANISHES: lead and abs(second) < SESOI and second < first,
            Label.REVERSES: lead and second < 0,
            Label.AMPLIFIES: lead and there and second > first,
            Label.ATTENUATES: lead and there and second < first,
            Label.PERSISTS: lead and there and second > RETENTION * first,
            Label.PERSISTS_UNSIZED: lead and there,
            Label.SHRINKS_UNRESOLVED: lead and second < first,
            Label.INCONCLUSIVE: True,
            Label.INSUFFICIENT: True,
        }

    return of


def _is_true(label: Label, truths: Callable[[int], dict[Label, bool]], sides: np.ndarray) -> np.ndarray:
    return np.where(sides > 0, truths(1)[label], truths(-1)[label])
