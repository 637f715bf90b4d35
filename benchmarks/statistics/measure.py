"""Coverage and labels over worlds that are drawn item by item, through the comparator's own code."""

from collections.abc import Sequence

import numpy as np

from benchmarks.statistics.effects import Reduced, joined
from benchmarks.statistics.untrue import RETENTION, Rates, any_of, outcome, rates
from benchmarks.statistics.world import World, draws
from harness.statistics.contrast import Contrast, contrast
from harness.statistics.moments import Moments, moments
from harness.verdict.rules import Contrasts, Label

TAIL = 0.025

Size = tuple[int, int]


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
    return [[joined([part[c][d] for part in parts]) for d in range(len(shape[c]))] for c in range(len(shape))]


def coverage(world: World, replicates: int, rng: np.random.Generator) -> dict[str, float]:
    """Return the share of 95% intervals that hold the truth: gap, delta and ratio, of the first candidate."""
    (found,) = coverages(world, replicates, rng, ()).values()
    return found


def coverages(
    world: World, replicates: int, rng: np.random.Generator, sizes: Sequence[Size]
) -> dict[Size, dict[str, float]]:
    """Return coverage at each size."""
    found = reduced(world, replicates, rng, sizes)
    return {size: covered(world.candidates[0], *each[0], TAIL) for size, each in found.items()}


def covered(truth: Sequence[float], inside: Moments, outside: Moments, tail: float) -> dict[str, float]:
    """Return how often the intervals of gap, delta and ratio hold the truth (gap_in, gap_out)."""
    true_in, true_out = truth
    shown = Contrasts.of(outside, inside, RETENTION)
    line = contrast((outside, inside), (1.0, -true_out / true_in))
    return {
        "gap": holds(shown.gap_in, true_in, tail),
        "delta": holds(shown.delta, true_out - true_in, tail),
        "ratio": holds(line, 0.0, tail),
    }


def holds(one: Contrast, truth: float, tail: float) -> float:
    """Return how often an interval holds the truth."""
    low, high = one.interval(tail)
    return float(np.mean((low <= truth) & (truth <= high)))


def false_labels(world: World, replicates: int, rng: np.random.Generator) -> Rates:
    """Return how often replicates are told what is untrue in this world."""
    (found,) = reduced(world, replicates, rng).values()
    return rates(outcome(*found[0], TAIL), world.candidates[0])


def given(world: World, replicates: int, rng: np.random.Generator) -> dict[str, float]:
    """Return how often each label is given."""
    (found,) = reduced(world, replicates, rng).values()
    told = outcome(*found[0], TAIL).label
    return {label.value: float(np.mean(told == label.value)) for label in Label}


def family_error(world: World, replicates: int, rng: np.random.Generator) -> float:
    """Return how often any of candidates x out-of-domain suites gets an untrue label, under Bonferroni."""
    (found,) = reduced(world, replicates, rng).values()
    return family(found, world.candidates)


def family(found: Reduced, gaps: Sequence[Sequence[float]]) -> float:
    """Return the same of moments by candidate and domain, whose true gaps are (in, out…)."""
    tail = TAIL / (len(gaps) * (len(gaps[0]) - 1))
    wrong = [
        any_of(outcome(inside, outside, tail), (truth[0], there))
        for (inside, *others), truth in zip(found, gaps, strict=True)
        for outside, there in zip(others, truth[1:], strict=True)
    ]
    return float(np.mean(np.logical_or.reduce(wrong)))
