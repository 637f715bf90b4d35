"""A million training rows against ten thousand test items: time and peak memory.

    python -m benchmarks.contamination [--fast] [--rows N] [--items N]

Rows and items are made of words drawn by
Zipf's law from twenty thousand (seed 0), sixty and twenty-five words long; one row in ten thousand carries a planted
leak, and the run fails when any planted leak is missed.
"""

import resource
import time
from collections.abc import Iterator

import numpy as np

from benchmarks import _machine
from harness.contamination import Passage, hits

_WORDS = np.array([f"word{number}" for number in range(20_000)])
_PLANTED_EVERY = 10_000


_SHARES = 1 / np.arange(1, len(_WORDS) + 1)
_BLOCK = 10_000


def _texts(rng: np.random.Generator, count: int, length: int) -> Iterator[str]:
    for begun in range(0, count, _BLOCK):
        block = rng.choice(_WORDS, (min(_BLOCK, count - begun), length), p=_SHARES / _SHARES.sum())
        yield from (" ".join(words) for words in block.tolist())


def _rows(rng: np.random.Generator, count: int, items: list[Passage]) -> Iterator[Passage]:
    for number, drawn in enumerate(_texts(rng, count, 60)):
        planted = number % _PLANTED_EVERY == 0
        text = f"{drawn} {items[number // _PLANTED_EVERY % len(items)].fact}" if planted else drawn
        yield Passage(str(number), text, text)


def main() -> None:
    parser = _machine.parser(__doc__)
    parser.add_argument("--rows", type=int, help="default: a million, with --fast 20,000")
    parser.add_argument("--items", type=int, help="default: 10,000, with --fast 1,000")
    args = parser.parse_args()
    args.rows, args.items = (
        args.rows or (20_000 if args.fast else 1_000_000),
        args.items or (1_000 if args.fast else 10_000),
    )
    print(_machine.described() + "\n", flush=True)
    rng = np.random.default_rng(0)
    items = [Passage(str(n), text, text, "suite") for n, text in enumerate(_texts(rng, args.items, 25))]
    begun = time.perf_counter()
    found = {hit.row for hit in hits(_rows(rng, args.rows, items), items)}
    seconds = time.perf_counter() - begun
    planted = {str(number) for number in range(0, args.rows, _PLANTED_EVERY)}
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    print(f"{args.rows} rows x {args.items} items: {seconds:.0f} s (row making included), peak {peak:.2f} GiB")
    print(f"rows with a hit: {len(found)}, planted {len(planted)}, planted and missed {len(planted - found)}")
    if planted - found:
        raise SystemExit(1)


if __name__ == "__main__":
    main()
