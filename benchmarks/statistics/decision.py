"""The decision: how often a recipe is recommended that is truly worse by the margin or more, on any suite.

Whichever cost decides, the recommended one is among those that are shown. An error is counted where any recipe that is
truly worse is among them, as if it were the cheapest of all: no order of costs can err more often. The last domain is a
guard, of a family of its own; a gap there is what a candidate forgot beyond the reference.
"""

import itertools
from collections.abc import Iterator, Sequence

import numpy as np

from benchmarks.statistics import measure
from benchmarks.statistics.effects import Effects, Reduced, reduced
from benchmarks.statistics.family import SHARING
from benchmarks.statistics.kinds import KINDS
from benchmarks.statistics.nested import nested
from benchmarks.statistics.run import FAMILY_BAR, WIDEST, Bar, Block, Run, points, table
from benchmarks.statistics.untrue import SESOI
from benchmarks.statistics.world import World
from harness.spec.looks import shares
from harness.statistics.contrast import contrast
from harness.statistics.critical import primary_comparisons
from harness.verdict.recommendation import is_not_worse, is_shown

CANDIDATES = (1, 3, 7)
MIXED = 3
"""The size of the families in which every second one is alike the reference."""
JUST, FAR = SESOI, -0.1
"""Just worse by the margin, which is the most likely to be missed, and far better, which is always shown."""
WORSE = {
    "in-domain alone": (JUST, FAR, FAR),
    "out-of-domain alone": (FAR, JUST, FAR),
    "the guard alone": (FAR, FAR, JUST),
    "everywhere": (JUST, JUST, JUST),
    "out-of-domain, alike elsewhere": (0.0, JUST, 0.0),
    "out-of-domain by twice the margin": (FAR, 2 * JUST, FAR),
}
"""True gaps (in, out, guard) of recipes that must not be recommended."""
GOOD = {"alike": (0.0, 0.0, 0.0), "a quarter of the margin worse": (0.005,) * 3, "better by the margin": (-JUST,) * 3}
"""True gaps of recipes that should be."""
LOOKS = (3, 5, 8)


def part(run: Run) -> Iterator[Block]:
    """Yield the error of families that are all worse, of mixed ones and over looks, and how often good ones are shown.

    Half of a mixed family is alike the reference.
    """
    rows = [
        [kind, size, mixed, seeds, worst, error]
        for kind, size, mixed, seeds in itertools.product(
            run.choice(SHARING, SHARING[:1]),
            run.choice(CANDIDATES, (1, 3)),
            (False, True),
            run.choice((2, 3, 5, 10), (3,)),
        )
        if size == MIXED or not mixed
        for worst, error in [_worst(run, kind, size, seeds, mixed=mixed)]
    ]
    yield table(rows, ["kind", "candidates", "half of them alike", "seeds", "most often where worse", "error"])
    yield _bar("recommended though worse by the margin or more", rows, run, len(rows) * len(WORSE))
    over = list(_over_looks(run))
    yield table(over, ["kind", "looks", "all three candidates worse", "error over all looks"])
    yield _bar("the same over looks", over, run, len(over))
    items = list(_by_items(run))
    yield table(items, ["0/1 scores drawn item by item: all three candidates worse", "seeds", "error"])
    yield _bar("the same item by item", items, run, len(items))
    yield from _power(run)


def _bar(what: str, rows: Sequence[Sequence[object]], run: Run, cells: int) -> Bar:
    worst = max(float(str(row[-1])) for row in rows)
    return Bar(what=what, value=worst, limit=FAMILY_BAR, replicates=run.replicates, cells=cells)


def _worst(run: Run, kind: str, size: int, seeds: int, *, mixed: bool) -> tuple[str, float]:
    errors = {name: _error(run, kind, _family(truth, size, mixed=mixed), seeds) for name, truth in WORSE.items()}
    worst = max(errors, key=lambda name: errors[name])
    return worst, errors[worst]


def _family(truth: tuple[float, ...], size: int, *, mixed: bool) -> tuple[tuple[float, ...], ...]:
    return tuple(GOOD["alike"] if mixed and place % 2 else truth for place in range(size))


def _error(run: Run, kind: str, gaps: tuple[tuple[float, ...], ...], seeds: int) -> float:
    world = Effects(gaps=gaps, seeds=seeds, **KINDS[kind])
    shown = recommended(reduced(world, run.replicates, run.stream("decision", world)), 1.0)
    return _any_worse(shown, gaps)


def _any_worse(shown: Sequence[np.ndarray], gaps: Sequence[Sequence[float]]) -> float:
    worse = [one for one, truth in zip(shown, gaps, strict=True) if max(truth) >= SESOI]
    return float(np.logical_or.reduce(worse).mean())


def recommended(drawn: Reduced, share: float) -> list[np.ndarray]:
    """Return by candidate in which replicates it is shown, by the comparator's own code and levels.

    `share` is that of a look.
    """
    primary = primary_comparisons(len(drawn), 1, len(drawn[0]) - 2)
    tails = [share * WIDEST / primary] * (len(drawn[0]) - 1) + [share * WIDEST / len(drawn)]
    return [
        is_shown(
            [
                is_not_worse(contrast((suite,), (1.0,)), SESOI, tail)
                for suite, tail in zip(candidate, tails, strict=True)
            ]
        )
        for candidate in drawn
    ]


def _over_looks(run: Run) -> Iterator[list[object]]:
    """Yield the error where a condition that one look has shown stands, as if every look were taken."""
    truths = run.choice(("in-domain alone", "the guard alone", "everywhere"), ("in-domain alone",))
    for kind, name in itertools.product(run.choice(("0/1 scores", "seeds alone"), ("0/1 scores",)), truths):
        gaps = (WORSE[name],) * 3
        world = Effects(gaps=gaps, seeds=LOOKS[-1], **KINDS[kind])
        drawn = nested(world, run.replicates, run.stream("decision looks", world), LOOKS)
        yield [kind, ", ".join(map(str, LOOKS)), name, _any_worse(_standing(drawn), gaps)]


def _standing(drawn: dict[int, Reduced]) -> list[np.ndarray]:
    """Return what is shown after all looks, suite by suite: each stands once a look has shown it."""
    looks = [drawn[seeds] for seeds in LOOKS]
    domains, candidates = len(looks[0][0]), len(looks[0])
    found = []
    for place in range(candidates):
        each = []
        for domain in range(domains):
            whole = WIDEST / candidates
            at_looks = [
                is_not_worse(contrast((look[place][domain],), (1.0,)), SESOI, share * whole)
                for look, share in zip(looks, shares(LOOKS), strict=True)
            ]
            each.append(np.logical_or.reduce(at_looks))
        found.append(is_shown(each))
    return found


def _by_items(run: Run) -> Iterator[list[object]]:
    """Yield the error of 0/1 scores drawn item by item."""
    name = "out-of-domain alone"
    for seeds in run.choice((3, 10), (3,)):
        gaps = (WORSE[name],) * 3
        world = World(candidates=gaps, seeds=seeds, items=300, seed_sd=0.01)
        (drawn,) = measure.reduced(world, run.replicates, run.stream("decision items", world)).values()
        yield [name, seeds, _any_worse(recommended(drawn, 1.0), gaps)]


def _power(run: Run) -> Iterator[Block]:
    rows = []
    for kind, seeds in itertools.product(
        run.choice(("0/1 scores", "continuous scores", "almost no noise"), ("continuous scores",)),
        run.choice((3, 5, 10), (5,)),
    ):
        chances = []
        for truth in GOOD.values():
            world = Effects(gaps=(truth,) * 3, seeds=seeds, items=1000, **KINDS[kind])
            shown = recommended(reduced(world, run.replicates, run.stream("decision power", world)), 1.0)
            chances.append(float(np.mean(shown[0])))
        rows.append([kind, seeds, *chances])
    yield f"How often one of three is recommended that may be (1,000 items, margin {points((SESOI,))} points):"
    yield table(rows, ["kind", "seeds", *GOOD])
