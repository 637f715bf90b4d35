"""Adapters as a server has them, through PEFT: a request by each form, loading, switching, mixing, storing.

    python -m benchmarks.serving [--fast] [--ranks 8,64] [--counts 1,10,100] [--requests 20]

On the embedded model, with LoRAs of random weights on queries and values; what their values are changes no time. A
request is 32 tokens of prompt and 16 generated greedily, one at a time; forms are timed in turns, so that a busy
machine slows all alike, and each has one request before that does not count. A mixed batch is 8 prompts, each by its
own adapter: one forward pass with PEFT's `adapter_names` beside 8 passes with a switch before each. A server with
kernels of its own for adapters (vLLM, S-LoRA) takes other times.
"""

import argparse
import tempfile
from collections.abc import Callable
from pathlib import Path

from tabulate import tabulate
from transformers import PreTrainedModel

from benchmarks import _machine
from benchmarks.serving.adapters import (
    Latency,
    Loaded,
    generated,
    load_all,
    mixed,
    prompts,
    separate,
    timed,
    write_adapters,
)
from harness import spec
from harness.sources import models

ROWS = 8
MIB = 1 << 20


def main() -> int:
    options = arguments()
    print(_machine.described() + "\n", flush=True)
    base = models.load(spec.load("gap").model).model.eval()
    with tempfile.TemporaryDirectory() as folder:
        for rank in options.ranks:
            paths = write_adapters(base, Path(folder), rank=rank, count=max(options.counts))
            print(f"rank {rank}\n{tabulate(*latencies(base, paths, options.requests))}\n")
            print(tabulate(*many(base, paths, options.counts)), "\n", flush=True)
    return 0


def latencies(base: PreTrainedModel, paths: list[Path], requests: int) -> tuple[list[list[str]], list[str]]:
    """Return P50 and P99 of a request by form, in milliseconds, with ratios to the base, and the table's heads."""
    ids = prompts(base.config.vocab_size, 1)
    some = paths[:ROWS]
    served = load_all(base, some, switches=1).model
    one = load_all(base, paths[:1], switches=1).model
    whole = load_all(base, paths[:1], switches=1).model.merge_and_unload()
    turn = iter(range(10**9))

    def switched() -> None:
        served.set_adapter(some[next(turn) % len(some)].name)
        generated(served, ids)

    forms: dict[str, Callable[[], object]] = {
        "base": lambda: generated(base, ids),
        "merged": lambda: generated(whole, ids),
        "dynamic": lambda: generated(one, ids),
        f"switched before each, {len(some)} loaded": switched,
    }
    taken: dict[str, list[float]] = {name: [] for name in forms}
    for turns in range(requests + 1):
        for name, action in forms.items():
            seconds = timed(action)
            if turns:
                taken[name].append(seconds)
    found = {name: Latency.of(each) for name, each in taken.items()}
    rows = [
        [name, ms(each.p50), ms(each.p99), f"{each.p50 / found['base'].p50:.2f}", f"{each.p99 / found['base'].p99:.2f}"]
        for name, each in found.items()
    ]
    return rows, ["a request", "P50 ms", "P99 ms", "P50 / base's", "P99 / base's"]


def many(base: PreTrainedModel, paths: list[Path], counts: list[int]) -> tuple[list[list[str]], list[str]]:
    """Return what so many adapters take on one base, and the table's heads."""
    rows = []
    whole = sum(weight.numel() * weight.element_size() for weight in base.parameters())
    for count in counts:
        loaded = load_all(base, paths[:count], switches=20)
        disk = sum(file.stat().st_size for path in paths[:count] for file in path.iterdir())
        rows.append(
            [
                str(count),
                f"{ms(loaded.load.p50)} / {ms(loaded.load.p99)}",
                f"{ms(loaded.switch.p50)} / {ms(loaded.switch.p99)}",
                f"{loaded.bytes / MIB:.1f}",
                f"{disk / MIB:.1f}",
                f"{count * whole / MIB:,.0f}",
                mixing(base, loaded, [path.name for path in paths[:count]]),
            ]
        )
        del loaded
    heads = ["adapters", "load ms P50 / P99", "switch ms P50 / P99", "MiB in memory", "MiB on disk", "as models, MiB"]
    return rows, [*heads, f"{ROWS} rows mixed / separate ms"]


def mixing(base: PreTrainedModel, loaded: Loaded, names: list[str]) -> str:
    """Return the milliseconds of a batch of several adapters' rows, mixed and separate, medians of five in turns."""
    ids = prompts(base.config.vocab_size, ROWS)
    asked = [names[row % len(names)] for row in range(ROWS)]
    taken = [
        (timed(lambda: mixed(loaded.model, ids, asked)), timed(lambda: separate(loaded.model, ids, asked)))
        for _ in range(6)
    ][1:]
    together, apart = (Latency.of(each) for each in zip(*taken, strict=True))
    return f"{ms(together.p50)} / {ms(apart.p50)}"


def ms(seconds: float) -> str:
    """Return milliseconds with a decimal."""
    return f"{seconds * 1000:,.1f}"


def arguments() -> argparse.Namespace:
    parser = _machine.parser(__doc__)
    parser.add_argument("--ranks", type=numbers, help="ranks of the adapters (default: 8,64; with --fast 8)")
    parser.add_argument("--counts", type=numbers, help="adapters at once (default: 1,10,100; with --fast 1,10)")
    parser.add_argument("--requests", type=positive, help="requests of each form (default: 100; with --fast 10)")
    options = parser.parse_args()
    options.ranks = options.ranks or ([8] if options.fast else [8, 64])
    options.counts = options.counts or ([1, 10] if options.fast else [1, 10, 100])
    options.requests = options.requests or (10 if options.fast else 100)
    return options


def numbers(text: str) -> list[int]:
    """Return whole numbers from 1 on (an argument's type)."""
    return [positive(each) for each in text.split(",")]


def positive(text: str) -> int:
    """Return a whole number from 1 on (an argument's type)."""
    if not text.strip().isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from 1 on")
    return int(text)


if __name__ == "__main__":
    raise SystemExit(main())
