"""Print the comparator's coverage, false verdicts, family-wise error and power, with what they should be.

    nice -19 python -m benchmarks.statistics [--fast] [--part NAME] [--replicates N] [--seed N]

One core; set OMP_NUM_THREADS=1. Every cell draws from its own stream, named by the seed and the cell.
"""

import argparse
import itertools
import time
import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from tabulate import tabulate

from benchmarks.statistics.measure import coverage, coverages, false_labels, family_error, given
from benchmarks.statistics.peers import peer_coverage
from benchmarks.statistics.world import World

COVERAGE_BAR, LABEL_BAR, FAMILY_BAR = 0.94, 0.03, 0.05
TRUTHS = (
    (0.0, 0.0),
    (0.0, 0.02),
    (0.0, 0.08),
    (0.02, 0.0),
    (0.02, 0.01),
    (0.02, 0.02),
    (0.04, 0.02),
    (0.08, 0.0),
    (0.08, 0.02),
    (0.08, 0.04),
    (0.08, 0.08),
    (0.06, -0.02),
)
"""True gaps in and out where some label is just untrue."""
POWER = ((0.08, 0.08), (0.08, 0.04), (0.06, -0.04), (0.08, 0.0), (0.0, 0.0))


@dataclass(frozen=True)
class Run:
    """What the command line fixes for all parts."""

    replicates: int
    seed: int
    fast: bool

    def stream(self, *cell: object) -> np.random.Generator:
        return np.random.default_rng([self.seed, zlib.crc32(repr(cell).encode())])


def _world(gaps: tuple[float, ...], seeds: int, items: int, sd: float, **kind: bool) -> World:
    return World(candidates=(gaps,), seeds=seeds, items=items, seed_sd=sd, **kind)


def coverage_part(run: Run, *, continuous: bool) -> Iterator[str]:
    """Yield coverage of gap, delta and ratio over the grid."""
    seeds, sds = ((3, 10), (0.01, 0.04)) if run.fast else ((2, 3, 5, 10), (0.005, 0.01, 0.02, 0.04))
    items = (200,) if run.fast else (200, 1000) if continuous else (200, 1000, 3000)
    rows = []
    for clustered, sd in itertools.product((False, True), sds):
        world = _world((0.08, 0.04), max(seeds), max(items), sd, clustered=clustered, continuous=continuous)
        sizes = list(itertools.product(seeds, items))
        found = coverages(world, run.replicates, run.stream("coverage", world), sizes)
        rows += [[clustered, 100 * sd, s, n, *held.values()] for (s, n), held in found.items()]
    yield _table(rows, ["clusters", "seed SD, points", "seeds", "items", "gap", "delta", "ratio"])
    cells = np.array([row[4:] for row in rows])
    yield _worst("coverage", cells.min(), COVERAGE_BAR, run, above=True, cells=cells)
    for s in seeds:
        chosen = np.array([row[4:] for row in rows if row[2] == s])
        yield f"{s} seeds: mean {chosen.mean():.3f}, lowest {chosen.min():.4f}"


def labels_part(run: Run) -> Iterator[str]:
    """Yield the rate of untrue labels where they are likeliest."""
    rows = []
    for gaps, s in itertools.product(TRUTHS, (3,) if run.fast else (3, 5, 10)):
        world = _world(gaps, s, 300 if run.fast else 1000, 0.01)
        rates = false_labels(world, run.replicates, run.stream("labels", world))
        each = {name: rate for name, rate in rates.items() if name != "any"}
        worst = max(each, key=lambda name: each[name])
        rows.append([f"{100 * gaps[0]:g}→{100 * gaps[1]:g}", s, worst, each[worst], rates["any"]])
    yield _table(rows, ["true gap in→out, points", "seeds", "likeliest untrue label", "its rate", "any untrue label"])
    yield _worst("false-verdict rate of a label", max(row[3] for row in rows), LABEL_BAR, run, above=False)
    yield f"any untrue label: at most {max(row[4] for row in rows):.4f}"


def family_part(run: Run) -> Iterator[str]:
    """Yield the family-wise error of three candidates on two out-of-domain suites."""
    families = ((0.08, 0.04, 0.02), (0.08, 0.0, 0.0), (0.08, 0.08, 0.04), (0.02, 0.02, 0.0), (0.0, 0.02, 0.0))
    rows = []
    for gaps, s in itertools.product(families, (3,) if run.fast else (3, 5, 10)):
        items = 300 if run.fast else 1000
        world = World(candidates=(gaps,) * 3, seeds=s, items=items, seed_sd=0.01)
        rows.append([gaps, s, family_error(world, run.replicates, run.stream("family", world))])
    yield _table(rows, ["true gaps in, out, out (each of 3 candidates)", "seeds", "family-wise error"])
    yield _worst("family-wise error", max(row[2] for row in rows), FAMILY_BAR, run, above=False)


def power_part(run: Run) -> Iterator[str]:
    """Yield how often each label is given where it is true."""
    rows = []
    for gaps, s, n in itertools.product(POWER, (3, 5, 10), (300,) if run.fast else (1000, 3000)):
        world = _world(gaps, s, n, 0.01)
        rates = given(world, run.replicates, run.stream("power", world))
        seen = sorted(((rate, name) for name, rate in rates.items()), reverse=True)[:3]
        rows.append([f"{100 * gaps[0]:g}→{100 * gaps[1]:g}", s, n, ", ".join(f"{name} {r:.2f}" for r, name in seen)])
    yield _table(rows, ["true gap in→out, points", "seeds", "items", "labels given most"])


def peers_part(run: Run) -> Iterator[str]:
    """Yield the coverage of today's methods beside ours, with fewer replicates (they resample)."""
    rows, replicates = [], min(run.replicates, 1000)
    settings = itertools.product((False, True), (3, 10), (0.005, 0.02))
    for clustered, s, sd in settings:
        world = _world((0.08, 0.04), s, 300, sd, clustered=clustered)
        ours = coverage(world, run.replicates, run.stream("ours", world))["gap"]
        others = peer_coverage(world, replicates, run.stream("peers", world))
        rows.append([clustered, s, 100 * sd, ours, *others.values()])
        names = list(others)
    yield _table(rows, ["clusters", "seeds", "seed SD, points", "this one", *names])
    yield f"other methods: {replicates} replicates, 300 items"


PARTS: Mapping[str, Callable[[Run], Iterator[str]]] = {
    "coverage": lambda run: coverage_part(run, continuous=False),
    "continuous": lambda run: coverage_part(run, continuous=True),
    "labels": labels_part,
    "family": family_part,
    "power": power_part,
    "peers": peers_part,
}


def _table(rows: list[list[object]], headers: list[str]) -> str:
    return tabulate(rows, headers=headers, floatfmt=".4g", tablefmt="github")


def _worst(what: str, value: float, bar: float, run: Run, *, above: bool, cells: np.ndarray | None = None) -> str:
    met = value >= bar if above else value <= bar
    error = np.sqrt(bar * (1 - bar) / run.replicates)
    verdict = "met" if met else "NOT met"
    short = "" if cells is None or met else f", by {int((cells < bar).sum())} of {cells.size}"
    extreme = "lowest" if above else "highest"
    return f"{extreme} {what} {value:.4f}; bar {bar:g} {verdict}{short} (Monte Carlo standard error {error:.4f})"


def main() -> None:
    """Run the parts that the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--part", choices=PARTS, action="append")
    parser.add_argument("--fast", action="store_true", help="a small grid, 500 replicates")
    parser.add_argument("--replicates", type=int)
    parser.add_argument("--seed", type=int, default=20)
    args = parser.parse_args()
    replicates = args.replicates or (500 if args.fast else 4000)
    run = Run(replicates=replicates, seed=args.seed, fast=args.fast)
    for name in args.part or PARTS:
        start = time.process_time()
        print(f"\n## {name} ({replicates} replicates, seed {run.seed})\n", flush=True)
        for block in PARTS[name](run):
            print(f"{block}\n", flush=True)
        print(f"{time.process_time() - start:.0f} CPU s", flush=True)


if __name__ == "__main__":
    main()
