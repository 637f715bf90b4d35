"""Two workers beside one: the same cells, the same numbers, and what they take.

    python -m benchmarks.workers [--fast] [--turns 2] [--steps 10] [--items 40]

Three ways, in turns, each a whole ``harness run`` of the frozen shape of `gap` with two seeds: one cell after another
with two threads, the same with one thread, and two cells at once with one thread each. One and two workers of one
thread must come to the same scores in every digit and to the same verdict in every byte, else the exit code is 1; two
threads round differently, and what they differ by is printed. On a busy machine the seconds of the CPU say what is
computed beside the work itself (spinning at barriers, waiting for memory), not how long two workers take: for that it
must be idle.
"""

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from tabulate import tabulate

from benchmarks import _machine, _runs
from benchmarks._turns import in_turns


@dataclass(frozen=True)
class Way:
    """How cells are run: so many workers, each with so many threads."""

    workers: int
    threads: int

    def __str__(self) -> str:
        return f"{self.workers} × {self.threads} thread{'s' if self.threads > 1 else ''}"


WAYS = (Way(1, 2), Way(1, 1), Way(2, 1))
HEADERS = ("way", "s", "CPU s", f"times {WAYS[0]}", "CPU", "largest difference of a score")
FORMATS = ("", ".0f", ".0f", ".2f", ".2f", ".1e")


@dataclass(frozen=True)
class Outcome:
    """A run: what it took, its scores by cell and task, and the bytes of its verdict."""

    wall: float
    cpu: float
    scores: dict[str, dict[str, float]]
    verdict: bytes


def main() -> int:
    parser = _machine.parser(__doc__)
    parser.add_argument("--turns", type=int, help="turns of each way (default: 2, with --fast 1)")
    parser.add_argument("--steps", type=int, help="training steps (default: 10, with --fast 4)")
    parser.add_argument("--items", type=int, help="items a suite (default: 40, with --fast 8)")
    parser.add_argument("--spec", default=str(_runs.FROZEN), help="what is run")
    options = parser.parse_args()
    steps, items = options.steps or (4 if options.fast else 10), options.items or (8 if options.fast else 40)
    print(_machine.described())
    print(f"{options.spec}, seeds 42 and 123, {steps} steps, {items} items a suite\n", flush=True)
    with TemporaryDirectory() as scratch:
        words = ("--seeds", "42,123", "--limit", str(items), "--set", f"training.max_steps={steps}")
        places = iter(range(1000))
        found = in_turns(
            WAYS,
            lambda way: once(way, options.spec, Path(scratch) / str(next(places)), words),
            turns=options.turns or (1 if options.fast else 2),
        )
    return reported(found)


def once(way: Way, spec: str, out: Path, words: Sequence[str]) -> Outcome:
    done = _runs.run(spec, out, [*words, "--workers", str(way.workers)], threads=way.threads)
    scores = {
        f"{each.cell.recipe} {each.cell.seed} {scored.task}": dict(scored.metrics)
        for each in done.results
        for scored in each.evaluations
    }
    print(f"  {way}: {done.ended.taken.wall:.0f} s", flush=True)
    return Outcome(done.ended.taken.wall, done.ended.taken.cpu, scores, (done.folder / "verdict.json").read_bytes())


def reported(found: dict[Way, list[Outcome]]) -> int:
    """Print a line a way; return 0 where one and two workers came to the same."""
    best = {way: min(outcomes, key=lambda each: each.wall) for way, outcomes in found.items()}
    first, single, several = (best[way] for way in WAYS)
    lines = [
        [str(way), each.wall, each.cpu, first.wall / each.wall, first.cpu / each.cpu, difference(each, single)]
        for way, each in best.items()
    ]
    print(tabulate(lines, headers=HEADERS, floatfmt=FORMATS))
    same = several.scores == single.scores and several.verdict == single.verdict
    print(f"one and two workers of one thread: {'the same scores and verdict' if same else 'NOT THE SAME'}")
    return 0 if same else 1


def difference(mine: Outcome, other: Outcome) -> float:
    """Return the largest difference of any aggregate of any cell."""
    return max(
        abs(mine.scores[cell][name] - value)
        for cell, metrics in other.scores.items()
        for name, value in metrics.items()
    )


if __name__ == "__main__":
    sys.exit(main())
