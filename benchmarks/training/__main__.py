"""A training step of the harness, with each of its shortcuts off in turn, beside one of plain TRL, by method.

    python -m benchmarks.training [--fast] [--steps 10] [--turns 2] [--method full--default]

All engines train on the same rows in the same order from the same weights, in turns; of every step the faster of its
turns counts, and all steps count, the first with what a shortcut has to fill or to check: a frozen prefix is filled for
all rows, which pays where a row is met several times and for the cells after the first. The harness's engines run in
the environment of its workers, where the allocator keeps large pages, the others in that of this command. Losses must
agree to 0.001 nats, else the exit code is 1.
"""

import os
import sys
from collections.abc import Iterator, Mapping, Sequence

from tabulate import tabulate

from benchmarks import _machine
from benchmarks._runs import FROZEN
from benchmarks._turns import Hand, in_turns
from benchmarks.training import engines
from benchmarks.training.engines import AS_IT_COMES, HARNESS, PLAIN_ALLOCATOR, TRL, Steps
from harness.execution.program import worker_environment

METHODS = ("full--default", "lora--last-half", "lora--all-layers")
APART = 1e-3
"""Nats by which the mean loss of a step may differ between engines."""

HEADERS = (
    "method",
    "engine",
    "ms",
    "CPU ms",
    "first CPU",
    f"times {TRL}",
    "CPU",
    f"times {AS_IT_COMES}",
    "CPU",
    "max |Δ loss|",
)
FORMATS = ("", "", ".0f", ".0f", ".0f", ".2f", ".2f", ".2f", ".2f", ".1e")


def main() -> int:
    parser = _machine.parser(__doc__)
    parser.add_argument("--steps", type=int, help="steps of a training (default: 10, with --fast 4)")
    parser.add_argument("--turns", type=int, help="turns of each engine (default: 2, with --fast 1)")
    parser.add_argument("--method", action="append", choices=METHODS, help="repeatable; default: all")
    parser.add_argument("--engine", action="append", choices=engines.engines(), help="repeatable; default: all")
    parser.add_argument("--spec", default=str(FROZEN), help="whose model, rows, training and recipes are used")
    options = parser.parse_args()
    steps, turns = options.steps or (4 if options.fast else 10), options.turns or (1 if options.fast else 2)
    print(_machine.described())
    print(f"{steps} steps, {turns} turns, batches of {options.spec}\n", flush=True)
    names = options.engine or engines.engines()
    agree = True
    for method in options.method or METHODS:
        best = compared(method, names, steps=steps, turns=turns, spec_file=options.spec)
        agree = agree and max(apart(best).values()) <= APART
        print(tabulate(rows(method, best), headers=HEADERS, floatfmt=FORMATS) + "\n", flush=True)
    if not agree:
        print(f"losses differ by more than {APART} nats")
    return 0 if agree else 1


def compared(method: str, names: Sequence[str], *, steps: int, turns: int, spec_file: str) -> dict[str, Steps]:
    """Return for each engine the fastest of its turns, step by step."""
    function = "benchmarks.training.engines:trained"
    with Hand(function, worker_environment("cpu")) as ours, Hand(function, os.environ) as plain:

        def once(engine: str) -> Steps:
            hand = ours if engine.startswith(HARNESS) and engine != PLAIN_ALLOCATOR else plain
            return Steps(**hand(engine=engine, method=method, steps=steps, spec_file=spec_file))

        return {name: fastest(found) for name, found in in_turns(names, once, turns=turns).items()}


def fastest(turns: Sequence[Steps]) -> Steps:
    """Return the least of every step."""
    first = turns[0]
    wall = [min(each) for each in zip(*(turn.wall for turn in turns), strict=True)]
    cpu = [min(each) for each in zip(*(turn.cpu for turn in turns), strict=True)]
    return Steps(wall, cpu, first.losses, first.tokens, first.flops)


def apart(best: Mapping[str, Steps]) -> dict[str, float]:
    """Return by engine the largest difference of a step's loss from that of the last engine, plain TRL."""
    reference = list(best.values())[-1].losses
    return {
        name: max(abs(mine - other) for mine, other in zip(each.losses, reference, strict=True))
        for name, each in best.items()
    }


def rows(method: str, best: Mapping[str, Steps]) -> Iterator[list[object]]:
    """Yield a line an engine, as `HEADERS` says."""
    differences = apart(best)
    for name, each in best.items():
        steps = len(each.wall)
        ratios = [
            sum(getattr(best[other], kind)) / sum(getattr(each, kind)) if other in best else None
            for other in (TRL, AS_IT_COMES)
            for kind in ("wall", "cpu")
        ]
        yield [
            method,
            name,
            sum(each.wall) / steps * 1e3,
            sum(each.cpu) / steps * 1e3,
            each.cpu[0] * 1e3,
            *ratios,
            differences[name],
        ]


if __name__ == "__main__":
    sys.exit(main())
