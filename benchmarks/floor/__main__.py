"""Which share of what the machine's matrix products allow is reached, in training and in scoring apart.

    python -m benchmarks.floor [--fast] [--steps 10] [--items 64] [--turns 2]

Counted are the operations that real tokens need, each read once, without padding (`benchmarks/floor/counting.py`).
Divided by the rate of float32 products of 2048 × 2048 matrices, measured in the same process before every turn, they
are the time below which no arrangement of the same work can go. The share is that time over what was taken, of the
fastest turn; of CPU seconds it is told apart from a busy machine's. Everything runs in the environment of harness's
workers.
"""

import sys
from collections.abc import Callable
from typing import Any

from tabulate import tabulate

from benchmarks import _machine
from benchmarks._runs import FROZEN
from benchmarks._turns import Hand
from benchmarks.training.__main__ import METHODS
from harness import spec
from harness.execution.program import worker_environment

HEADERS = ("work", "TFLOP", "s", "CPU s", "share of the peak", "CPU")
FORMATS = ("", ".2f", ".2f", ".2f", ".1%", ".1%")

Figures = dict[str, float]


def main() -> int:
    parser = _machine.parser(__doc__)
    parser.add_argument("--steps", type=int, help="steps of a training (default: 10, with --fast 4)")
    parser.add_argument("--items", type=int, help="items of a suite (default: 64, with --fast 16)")
    parser.add_argument("--turns", type=int, help="turns of each (default: 2, with --fast 1)")
    parser.add_argument("--spec", default=str(FROZEN), help="whose model, rows, recipes and suites are used")
    options = parser.parse_args()
    steps, items = options.steps or (4 if options.fast else 10), options.items or (16 if options.fast else 64)
    print(_machine.described(), flush=True)
    suites = [suite.task for suite in spec.load(options.spec).suites]
    with Hand("benchmarks.floor.work:work", worker_environment("cpu")) as hand:
        works: dict[str, Callable[[], Figures]] = {
            **{
                f"training, {name}": _asked(hand, "training", options.spec, method=name, steps=steps)
                for name in METHODS
            },
            **{f"scoring, {name}": _asked(hand, "scoring", options.spec, suite=name, items=items) for name in suites},
        }
        peaks, found = measured(lambda: hand(what="peak"), works, options.turns or (1 if options.fast else 2))
    print(report(peaks, found))
    return 0


def _asked(hand: Hand, what: str, spec_file: str, **asked: Any) -> Callable[[], Figures]:
    return lambda: hand(what=what, spec_file=spec_file, **asked)


def measured(
    peak: Callable[[], Figures], works: dict[str, Callable[[], Figures]], turns: int
) -> tuple[list[Figures], dict[str, list[Figures]]]:
    """Return what every turn took: of the products before each, and of each."""
    peaks: list[Figures] = []
    found: dict[str, list[Figures]] = {name: [] for name in works}
    for _ in range(turns):
        for name, work in works.items():
            peaks.append(peak())
            found[name].append(work())
    return peaks, found


def report(peaks: list[Figures], found: dict[str, list[Figures]]) -> str:
    """Return the peak and a line a work, and the sum of all suites."""
    best = {kind: max(each["flops"] / each[kind] for each in peaks) for kind in ("wall", "cpu")}
    fastest = {name: min(turns, key=lambda each: each["wall"]) for name, turns in found.items()}
    scored = [each for name, each in fastest.items() if name.startswith("scoring")]
    fastest["scoring, all suites"] = {kind: sum(each[kind] for each in scored) for kind in ("wall", "cpu", "flops")}
    lines = [
        [
            name,
            each["flops"] / 1e12,
            each["wall"],
            each["cpu"],
            *(each["flops"] / each[kind] / best[kind] for kind in ("wall", "cpu")),
        ]
        for name, each in fastest.items()
    ]
    words = f"\nproducts: {best['wall'] / 1e9:.0f} GFLOP/s, {best['cpu'] / 1e9:.0f} in a second of the CPU\n\n"
    return words + tabulate(lines, headers=HEADERS, floatfmt=FORMATS)


if __name__ == "__main__":
    sys.exit(main())
