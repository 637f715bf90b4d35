"""One card, within ten minutes: that a cell runs at all, and how fast it is beside plain TRL and lm-eval.

    python -m benchmarks.gpu [--device cuda] [--fast] [--only cells training scoring]

The model has the shape of Llama-3.2-3B with random weights in bfloat16; what trains is kept in float32. Tokens a second
count what was written, no padding; the share of the card's peak is of operations that these tokens need, by the rate of
a matrix product measured here. ``--fast`` takes a model of two small layers, on a CPU too: it shows that the command
works, and its figures mean nothing.
"""

import argparse
import tempfile
import time
import warnings
from pathlib import Path
from typing import Any

import datasets
import transformers
from tabulate import tabulate

from benchmarks import _machine
from benchmarks.floor import work
from benchmarks.gpu import card, cells, scoring, training
from benchmarks.gpu.shape import Shape, config, saved

PARTS = ("cells", "training", "scoring")
LAYERS_OF_CELLS = 4
"""Layers of the model that the grid is run with: full width, drawn and loaded in seconds."""


def main() -> None:
    options = arguments()
    began = time.perf_counter()
    datasets.disable_progress_bars()
    transformers.logging.disable_progress_bar()
    warnings.simplefilter("ignore", FutureWarning)  # TRL's defaults have names that transformers will drop
    print(_machine.described())
    print(card.described(options.device))
    products = work.peak(256 if options.fast else 8192, options.dtype, options.device)
    peak = products["flops"] / products["wall"]
    print(f"matrix product in {options.dtype}: {peak / 1e12:.3g} TFLOP/s\n")
    with tempfile.TemporaryDirectory(dir=options.scratch) as scratch:
        for part in options.only:
            print(f"{part}:", flush=True)
            WORK[part](options, Path(scratch), peak)
            print(f"({time.perf_counter() - began:.0f} s since the start)\n", flush=True)


def arguments() -> argparse.Namespace:
    parser = _machine.parser(__doc__)
    parser.add_argument("--device", default="cuda")
    parser.add_argument("--dtype", default="bfloat16", choices=("bfloat16", "float16", "float32"))
    parser.add_argument("--only", nargs="+", default=PARTS, choices=PARTS)
    parser.add_argument("--methods", nargs="+", default=training.METHODS, help="recipes that are trained")
    parser.add_argument("--steps", type=int, default=23, help="steps of a training, the first three not counted")
    parser.add_argument("--batch", type=int, default=128, help="rows of a batch")
    parser.add_argument("--items", type=int, default=256, help="items that are scored")
    parser.add_argument("--shots", type=int, default=0, help="examples before each of them")
    parser.add_argument("--tokenizer", type=Path, help="a folder with a tokenizer (default: the embedded model's)")
    parser.add_argument("--scratch", type=Path, help="where the model is saved for the time being (8 GB)")
    options = parser.parse_args()
    if options.fast:
        options.steps, options.batch, options.items = 5, 4, 8
    return options


def shape_of(options: argparse.Namespace, folder: Path, layers: int | None = None) -> Shape:
    """Save the model that is timed, once."""
    path = folder / f"model-{layers or 'whole'}"
    if path.is_dir():
        return Shape(path, options.device, options.dtype)
    fields = config(small=options.fast, layers=layers)
    return saved(fields, path, device=options.device, dtype=options.dtype, tokenizer=options.tokenizer)


def run_cells(options: argparse.Namespace, folder: Path, _peak: float) -> None:
    shape = shape_of(options, folder, LAYERS_OF_CELLS)
    lines, seconds = cells.grid(shape, folder, steps=options.steps, items=options.items)
    print(tabulate(lines, headers=cells.HEADERS, floatfmt=".1f", maxcolwidths=[None, 60, None, None, None]))
    print(f"harness run, {LAYERS_OF_CELLS} layers, the whole grid: {seconds:.0f} s")


def run_training(options: argparse.Namespace, folder: Path, peak: float) -> None:
    shape = shape_of(options, folder)
    lines: list[tuple[Any, ...]] = []
    for name, ran in training.compared(shape, steps=options.steps, batch=options.batch, methods=options.methods):
        lines += training.lines(name, ran, peak)
        print(f"  {name} done", flush=True)
    print(tabulate(lines, headers=training.HEADERS, floatfmt=("", "", ".0f", ".2f", ".1f", ".2f", ".1f", ".4f")))


def run_scoring(options: argparse.Namespace, folder: Path, _peak: float) -> None:
    shape = shape_of(options, folder)
    lines = scoring.compared(shape, task="k8s_qa", items=options.items, batch=options.batch, shots=options.shots)
    print(tabulate(lines, headers=scoring.HEADERS, floatfmt=("", ".1f", ".2f", ".2g")))


WORK = {"cells": run_cells, "training": run_training, "scoring": run_scoring}

if __name__ == "__main__":
    main()
