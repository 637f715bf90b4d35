"""The memory of three cells, as planned and as measured, on a CPU: the untuned model, full fine-tuning and a LoRA.

    python -m benchmarks.memory [--fast] [--layers 2] [--vocabulary 49152]

The model has random weights in bfloat16 and Llama-3.2-3B's own width, heads and MLP, in so many layers; its vocabulary
is cut to the tokenizer's, the embedded model's. What trains has float32 masters. The cells run through `harness run`,
each a process of its own; measured is the most that it had resident (`ru_maxrss`). A plan that is more than 15% off
ends the command with exit code 1. ``--fast`` takes a model of two small layers, whose memory is the libraries' alone.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from tabulate import tabulate

from benchmarks import _machine
from benchmarks.gpu.shape import config, saved
from harness import api, ledger
from harness.records import GIB, CellFailure

RECIPES = ("full--3b", "lora--all-layers-3b")
HEADERS = ("cell", "planned, GiB", "measured, GiB", "measured / planned", "seconds")
BOUND = 0.15


def main() -> int:
    options = arguments()
    print(_machine.described())
    with tempfile.TemporaryDirectory(dir=options.scratch) as scratch:
        folder = Path(scratch)
        fields = config(small=options.fast, layers=options.layers) | {"vocab_size": options.vocabulary}
        saved(fields, folder / "model", device="cpu", dtype="bfloat16", tokenizer=None)
        spec = folder / "memory.json"
        spec.write_text(json.dumps(experiment(folder / "model", options)), encoding="utf-8")
        lines = compared(spec, folder / "run")
    print(tabulate(lines, headers=HEADERS, floatfmt=("", ".2f", ".2f", ".3f", ".0f")))
    return 0 if options.fast or all(abs(each[3] - 1) <= BOUND for each in lines) else 1


def arguments() -> argparse.Namespace:
    parser = _machine.parser(__doc__)
    parser.add_argument("--layers", type=int, default=2)
    parser.add_argument("--vocabulary", type=int, default=49152, help="128256 is the model's own")
    parser.add_argument("--steps", type=int, default=2, help="steps of a training; moments come with the second")
    parser.add_argument("--batch", type=int, default=2, help="rows of a batch")
    parser.add_argument("--items", type=int, default=2, help="items of each suite")
    parser.add_argument("--scratch", type=Path, help="where the model is saved for the time being")
    return parser.parse_args()


def experiment(model: Path, options: argparse.Namespace) -> dict[str, Any]:
    """Return the spec: two suites, one cell at a time, batches read in two parts a step."""
    return {
        "extends": "gap",
        "name": "memory",
        "model": {"source": "path", "path": str(model), "dtype": "bfloat16", "config": None},
        "seeds": [42],
        "training": {
            "max_steps": options.steps,
            "per_device_train_batch_size": options.batch,
            "gradient_accumulation_steps": 2,
            "max_length": 128,
            "optim": "adamw_torch",
        },
        "recipes": list(RECIPES),
        "suites": [
            {"task": "k8s_qa", "role": "in_domain", "metric": "answer_margin", "limit": options.items},
            {"task": "techmanual_qa", "role": "out_of_domain", "metric": "answer_margin", "limit": options.items},
        ],
        "controls": [],
        "execute": {"workers": 1},
        "comparison": {"reference": RECIPES[0], "candidates": list(RECIPES[1:])},
    }


def compared(spec: Path, out: Path) -> list[tuple[Any, ...]]:
    """Plan and run the experiment and return a line a cell, as `HEADERS` says."""
    planned = {each.cell: each.memory for each in api.plan(spec).cells}
    began = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-m", "harness", "run", str(spec), "--device", "cpu", "--out", str(out)],
        capture_output=True,
        text=True,
        check=False,
    )
    print(f"harness run: exit code {done.returncode}, {time.perf_counter() - began:.0f} s")
    outcomes = ledger.read(out).outcomes if out.exists() else []
    failed = [each for each in outcomes if isinstance(each, CellFailure)]
    if done.returncode or failed:
        raise SystemExit(f"{failed}\n{done.stdout}\n{done.stderr}")
    return [
        (
            each.cell.recipe,
            planned[each.cell.id] / GIB,
            each.costs.rss_max / GIB,
            each.costs.rss_max / planned[each.cell.id],
            each.costs.total_seconds,
        )
        for each in outcomes
    ]


if __name__ == "__main__":
    sys.exit(main())
