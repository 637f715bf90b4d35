"""How often a label is given where it is untrue, at the truths where some label is just untrue."""

import itertools
from collections.abc import Iterator, Sequence

from benchmarks.statistics.effects import Effects, Reduced, first, reduced
from benchmarks.statistics.kinds import KINDS
from benchmarks.statistics.measure import reduced as by_items
from benchmarks.statistics.run import EXCESS, LABEL_BAR, TAILS, WIDEST, Bar, Block, Run, points, table
from benchmarks.statistics.untrue import SILENT, STATEMENTS, Rates, outcome, rates
from benchmarks.statistics.world import World

TRUTHS = (
    (0.0, 0.0),
    (0.0, 0.02),
    (0.0, 0.08),
    (0.02, 0.0),
    (0.02, 0.01),
    (0.02, 0.02),
    (0.02, 0.08),
    (0.02, -0.08),
    (0.04, 0.02),
    (0.08, 0.0),
    (0.08, 0.02),
    (0.08, 0.04),
    (0.08, 0.06),
    (0.08, 0.08),
    (0.08, 0.10),
    (0.06, -0.02),
)
"""True gaps in and out. (.02, 0) is the SESOI in-domain and nothing outside; (0, .02) all but emerges."""
EDGES = ((0.0, 0.0), (0.0, 0.02), (0.0, 0.08), (0.02, 0.0), (0.02, 0.02), (0.08, 0.0), (0.08, 0.04), (0.08, 0.06))
"""Those at which the smaller tails are tried."""
SHARED_SEEDS = (3, 5)
"""Seeds at which the tails of several comparisons are tried: two decide nothing there, ten are as one comparison's."""
LOOKED = ("0/1 scores", 3)
"""The kind and the seeds that are judged at the tails of looks too."""
HEADERS = ("seeds", "untrue statement", "at", "its rate", "over the tail", "whoever leads", "any", "at")


def part(run: Run) -> Iterator[Block]:
    """Yield by kind, seeds and tail the untrue statement that is likeliest over all truths."""
    rows, alone = [], []
    for kind, seeds in itertools.product(KINDS, run.choice((2, 3, 5, 10), (3, 10))):
        for name, tail, cells in _cells(run, kind, seeds):
            rows.append([kind, name, run.replicates_at(tail), *_row(seeds, tail, cells)])
            alone += [(kind, seeds, *cell) for cell in cells if tail == WIDEST]
    yield table(rows, ["kind", "tail of", "replicates", *HEADERS])
    yield by_label(alone)
    yield from _bars(run, rows, len(run.choice(TRUTHS, EDGES)))


def by_label(cells: Sequence[tuple[str, int, Sequence[float], Rates]]) -> str:
    """Return the table with a row for everything that a verdict can say: where it is untrue most often."""
    rows = []
    for name in STATEMENTS:
        if name in SILENT:
            rows.append([name, "says that nothing is shown", None, None, None])
            continue
        kind, seeds, truth, found = max(cells, key=lambda cell: cell[3].each.get(name, 0.0))
        rows.append([name, kind, seeds, points(truth), found.each.get(name, 0.0)])
    return table(rows, ["verdict, 1 comparison", "untrue most often with", "seeds", "at", "rate"])


Cells = list[tuple[Sequence[float], Rates]]


def _cells(run: Run, kind: str, seeds: int) -> Iterator[tuple[str, float, Cells]]:
    found: dict[str, Cells] = {}
    for truth in run.choice(TRUTHS, EDGES):
        world = Effects(gaps=(tuple(truth),), seeds=seeds, **KINDS[kind])
        tails = _tails(run, kind, seeds, truth)
        drawn = reduced(world, run.replicates_at(min(tails.values())), run.stream("labels", world))
        for name, tail in tails.items():
            told = _rates(first(drawn, run.replicates_at(tail)), truth, tail)
            found.setdefault(name, []).append((truth, told))
    return ((name, TAILS[name], cells) for name, cells in found.items())


def _tails(run: Run, kind: str, seeds: int, truth: Sequence[float]) -> dict[str, float]:
    """Return the tails at which a cell is tried: one comparison's everywhere, smaller ones at fewer cells."""
    smaller = truth in EDGES and seeds in SHARED_SEEDS
    looks = (kind, seeds) == LOOKED
    return {
        name: tail for name, tail in run.tails.items() if tail == WIDEST or (smaller and (looks or "looks" not in name))
    }


def _rates(drawn: Reduced, truth: Sequence[float], tail: float) -> Rates:
    ((inside, outside),) = drawn
    return rates(outcome(inside, outside, tail), truth)


def _row(seeds: int, tail: float, cells: Cells) -> list[object]:
    truth, worst = max(cells, key=lambda cell: cell[1].rate)
    place, every = max(cells, key=lambda cell: cell[1].any)
    either = max(cell[1].either for cell in cells)
    return [seeds, worst.statement, points(truth), worst.rate, worst.rate / tail, either, every.any, points(place)]


def _bars(run: Run, rows: list[list[object]], truths: int) -> Iterator[Block]:
    alone = [row for row in rows if row[1] == "1 comparison"]
    cells = len(alone) * truths
    yield Bar(
        what="false rate of a label with the lead that it names, 1 comparison",
        value=max(row[6] for row in alone),
        limit=LABEL_BAR,
        replicates=run.replicates,
        cells=cells,
    )
    yield Bar(
        what="the same over the tail, all tails",
        value=max(row[7] for row in rows),
        limit=EXCESS,
        replicates=run.replicates,
        cells=len(rows) * len(EDGES),
        unit=min(run.tails.values()) if run.fast else WIDEST,
    )
    # With no gap in-domain either arm may be said to lead, each with its tail.
    either = Bar(
        what="false rate of a label whoever leads, 1 comparison (alpha)",
        value=max(row[8] for row in alone),
        limit=2 * WIDEST,
        replicates=run.replicates,
        cells=cells,
    )
    yield either
    marked = [f"{row[0]}, {row[3]} seeds: {row[8]:.4f}" for row in alone if row[8] > LABEL_BAR]
    if marked and either.enough:
        yield f"MARKED: a label, whoever is said to lead, is above {LABEL_BAR:g} at {'; '.join(marked)}"
    yield Bar(
        what="any untrue label, 1 comparison (1.5 alpha)",
        value=max(row[9] for row in alone),
        limit=3 * WIDEST,
        replicates=run.replicates,
        cells=cells,
    )


def items_part(run: Run) -> Iterator[Block]:
    """Yield the same with 0/1 and continuous scores drawn item by item, at the tail of one comparison."""
    seeds, items = run.choice((2, 3, 5, 10), (3, 10)), 300 if run.fast else 500
    cells: dict[tuple[str, int], Cells] = {}
    for continuous, truth in itertools.product((False, True), EDGES):
        world = World(candidates=(truth,), seeds=max(seeds), items=items, seed_sd=0.01, continuous=continuous)
        found = by_items(world, run.replicates, run.stream("labels", world), [(s, items) for s in seeds])
        for (s, _), drawn in found.items():
            kind = "continuous" if continuous else "0/1"
            cells.setdefault((kind, s), []).append((truth, _rates(drawn, truth, WIDEST)))
    rows = [[kind, "1 comparison", run.replicates, *_row(s, WIDEST, each)] for (kind, s), each in cells.items()]
    yield table(rows, ["scores", "tail of", "replicates", *HEADERS])
    yield from _bars(run, rows, len(EDGES))
