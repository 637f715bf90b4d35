"""Print the comparator's error rates and power, with the bars that they are held to; exit 1 where one is not met.

    OMP_NUM_THREADS=1 nice -n 15 python -m benchmarks.statistics            # everything
    OMP_NUM_THREADS=1 nice -n 15 python -m benchmarks.statistics --fast     # a small grid, which cannot meet a bar

One core. Every cell draws from its own stream, named by the seed and the cell. A part is a module with a generator
`part(run)` that yields text and bars; it stands in `PARTS`.
"""

import argparse
import sys
import time
from collections.abc import Mapping, Sequence

from benchmarks.statistics import (
    coverage,
    critical,
    decision,
    diverged,
    family,
    gate,
    labels,
    looks,
    need,
    one_run,
    peers,
    power,
    pseudo,
    share,
    tails,
)
from benchmarks.statistics.run import BOUNDED, ENOUGH, Bar, Part, Run

PARTS: Mapping[str, Part] = {
    "critical": critical.part,
    "tails": tails.part,
    "coverage": coverage.part,
    "continuous": coverage.continuous_part,
    "labels": labels.part,
    "label-items": labels.items_part,
    "family": family.part,
    "family-items": family.items_part,
    "gate": gate.part,
    "decision": decision.part,
    "one-run": one_run.part,
    "diverged": diverged.part,
    "looks": looks.part,
    "look-family": looks.family_part,
    "power": power.part,
    "need": need.part,
    "share": share.part,
    "pseudo": pseudo.part,
    "peers": peers.part,
}


def main(words: Sequence[str] | None = None) -> int:
    """Run the parts that the command line asks for; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--part", choices=PARTS, action="append", help="repeatable; default: all")
    parser.add_argument("--fast", action="store_true", help=f"a small grid, {BOUNDED} replicates")
    parser.add_argument("--replicates", type=int, help=f"default: {ENOUGH}")
    parser.add_argument("--seed", type=int, default=20)
    args = parser.parse_args(words)
    replicates = args.replicates or (BOUNDED if args.fast else ENOUGH)
    run = Run(replicates=replicates, seed=args.seed, fast=args.fast)
    bars = [bar for name in args.part or PARTS for bar in _printed(name, run)]
    return _summed_up(bars)


def _printed(name: str, run: Run) -> list[tuple[str, Bar]]:
    """Print a part as it comes; return its bars."""
    start, bars = time.process_time(), []
    print(f"\n## {name} ({run.replicates} replicates, seed {run.seed})\n", flush=True)
    for block in PARTS[name](run):
        print(f"{block}\n", flush=True)
        if isinstance(block, Bar):
            bars.append((name, block))
    print(f"{time.process_time() - start:.0f} CPU s", flush=True)
    return bars


def _summed_up(bars: list[tuple[str, Bar]]) -> int:
    print("\n## bars\n")
    for name, bar in bars:
        print(f"- {name}: {bar}")
    return 0 if all(bar.met for _, bar in bars) else 1


if __name__ == "__main__":
    sys.exit(main())
