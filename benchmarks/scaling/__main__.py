"""What a run costs beside training and scoring, against its recipes, seeds and items: seconds and peak memory.

    python -m benchmarks.scaling [--fast]
    python -m benchmarks.scaling --cells 100000 [--places 64]

Runs are made of numbers through the ledger's own functions, with four suites of four options an item and 200 steps a
training; nothing is trained. Each part is a process of its own: the outcomes of all cells are recorded as an executor
does (files that appear whole, a journal that is synced to the disk), read, and judged into verdict and report. One of
the three sizes grows at a time; the exponent says how a part grows over the last doubling or more (1: in proportion).
With `--cells` so many made-up cells go through the real scheduler and ledger instead, twice (1,000 with `--fast`).
The peak is the process's, of which Python and its libraries take what the smallest run shows.
"""

import json
import math
import sys
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

from tabulate import tabulate

from benchmarks import _machine
from benchmarks._turns import Ended, ended
from benchmarks.scaling.fabricated import Size
from benchmarks.scaling.simulated import simulated, table

SMALL = Size(recipes=2, seeds=3, items=100)
GROWN = {
    "recipes": (2, 4, 8, 12),
    "seeds": (3, 10, 30, 100),
    "items": (100, 1_000, 10_000),
}
FAST = {"recipes": (2, 4), "seeds": (3, 10), "items": (100, 1_000)}
PARTS = ("record", "read", "judge")
HEADERS = (
    "grows",
    "recipes",
    "seeds",
    "items",
    "cells",
    *(f"{part} CPU s" for part in PARTS),
    "exponent",
    "judge peak MiB",
)
FORMATS = ("", "", "", "", "", ".3f", ".3f", ".3f", ".2f", ".0f")


def main() -> int:
    parser = _machine.parser(__doc__)
    parser.add_argument("--cells", type=int, help="so many made-up cells through the scheduler and the ledger")
    parser.add_argument("--places", type=int, default=64, help="how many of them run at once")
    options = parser.parse_args()
    print(_machine.described() + "\n", flush=True)
    if options.cells:
        with TemporaryDirectory() as scratch:
            folder = Path(scratch) / "run"
            folder.mkdir()
            cells = min(options.cells, 1_000) if options.fast else options.cells
            print(tabulate(table(simulated(cells, options.places, folder)), tablefmt="plain"))
        return 0
    for axis, values in (FAST if options.fast else GROWN).items():
        print(tabulate(grown(axis, values), headers=HEADERS, floatfmt=FORMATS) + "\n", flush=True)
    return 0


def grown(axis: str, values: tuple[int, ...]) -> list[list[object]]:
    """Return a line a size, with the exponent of judging from the size before."""
    found: list[list[object]] = []
    before: tuple[int, float] | None = None
    for value in values:
        size = replace(SMALL, **{axis: value})
        seconds, peak = measured(size)
        last = seconds["judge"]
        exponent = None if before is None else math.log(last / before[1]) / math.log(value / before[0])
        before = (value, last)
        found.append(
            [axis, size.recipes, size.seeds, size.items, size.cells, *(seconds[part] for part in PARTS), exponent, peak]
        )
    return found


def measured(size: Size) -> tuple[dict[str, float], float]:
    """Return the CPU seconds of each part of a run of that size, and the peak memory of judging in MiB."""
    with TemporaryDirectory() as scratch:
        folder = Path(scratch) / "run"
        folder.mkdir()
        ran = {part: once(part, folder, size) for part in ("write", *PARTS)}
    seconds = {part: float(json.loads(done.printed.splitlines()[-1])["cpu"]) for part, done in ran.items()}
    return seconds, ran["judge"].peak / 2**20


def once(part: str, folder: Path, size: Size) -> Ended:
    """Run a part in a process of its own."""
    numbers = map(str, (size.recipes, size.seeds, size.items))
    return ended([sys.executable, "-m", "benchmarks.scaling.part", part, folder, *numbers])


if __name__ == "__main__":
    sys.exit(main())
