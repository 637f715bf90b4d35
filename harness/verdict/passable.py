"""What would let a rule of a gate pass that is not settled: seeds, runs, items or a margin, four times in five."""

from collections.abc import Callable, Iterable, Iterator

import numpy as np
from scipy.special import ndtri

from harness.statistics.one_run import budget_of_one
from harness.statistics.planning import POWER, Budget, budget, power, smallest_distance
from harness.statistics.sample_size import MAX_SEEDS, Aim, enough
from harness.verdict.sides import Sides
from harness.verdict.wording import Scale

_SCALES = (2, 4, 8, 16, 32, 64)


def what_it_takes(sides: Sides, weights: tuple[float, float], room: float, tail: float) -> str:
    """Return a sentence; `room` is how far below its bound the contrast is taken to be, for want of knowing better."""
    if room <= 0:
        return ""
    ways = " or ".join(_ways(sides, weights, room, tail))
    where = (
        f"To pass four times in five where {sides.candidate} is {Scale(sides.scores.suite.metric).amount(room)} inside "
    )
    return f"{where}the bound on {sides.task}, it takes {ways}." if ways else ""


def _ways(sides: Sides, weights: tuple[float, float], room: float, tail: float) -> Iterator[str]:
    if sides.one_run:
        yield from _of_one(sides, weights, room, tail)
    elif len(sides.first) == 1:
        yield from _of_checkpoints(sides, weights, room, tail)
    else:
        parts = budget((sides.moments(*weights),), (1.0,))
        mixes = enough([Aim(budget=parts, distance=room)], tail, present=len(sides.second), most_items=_SCALES[-1])
        if mixes:
            yield f"{mixes[-1].seeds} seeds a side with the present items"
            if mixes[0].seeds < mixes[-1].seeds:
                yield f"{mixes[0].seeds} with {mixes[0].items:.1f} times the items"
        yield _margin(sides, smallest_distance(parts, len(sides.second), tail))


def _of_one(sides: Sides, weights: tuple[float, float], room: float, tail: float) -> Iterator[str]:
    found = sides.contrast(*weights)
    between = float(np.var(sides.first.mean(axis=-1), ddof=1))
    item, df, seeds = float(found.item_variance), float(found.item_df), len(sides.first)

    def of_baseline(count: float, scale: float = 1.0) -> float:
        plan = budget_of_one(between, item, df, weights, np.asarray(count))
        return float(power(plan, room, tail, count, scale))

    def of_both(count: float) -> float:
        plan = Budget(seed=between * sum(each**2 for each in weights), item=item, residual=0.0, item_df=df)
        return float(power(plan, room, tail, count))

    more = _first(range(seeds, MAX_SEEDS + 1), of_baseline)
    if more is not None:
        yield f"{more} seeds of {sides.baseline} beside one run"
    else:
        both = _first(range(2, MAX_SEEDS + 1), of_both)
        items = _first(_SCALES, lambda scale: of_baseline(MAX_SEEDS, scale))
        if both is not None:
            yield f"{both} seeds of both (one run of {sides.candidate} does not do, whatever the baseline has)"
        if items is not None:
            yield f"{items} times the items and more seeds of {sides.baseline}"
    yield _margin(sides, smallest_distance(budget_of_one(between, item, df, weights, np.asarray(seeds)), seeds, tail))


def _of_checkpoints(sides: Sides, weights: tuple[float, float], room: float, tail: float) -> Iterator[str]:
    """Over items alone, the normal approximation: (z_tail + z_power)²·V / room² times the items."""
    reach = float(ndtri(POWER) - ndtri(tail)) * float(sides.contrast(*weights).se)
    yield f"{max(1.0, (reach / room) ** 2):.1f} times the items"
    yield _margin(sides, reach)


def _margin(sides: Sides, distance: float) -> str:
    return f"a bound {Scale(sides.scores.suite.metric).amount(distance)} away"


def _first(counts: Iterable[int], chance: Callable[[float], float]) -> int | None:
    return next((count for count in counts if chance(count) >= POWER), None)
