"""First that it works at all: a grid through the real command, every cell a program of its own on the device."""

import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from benchmarks.gpu.shape import Shape
from harness import ledger
from harness.records import GIB, CellFailure, CellResult

RECIPES = ("full--default", "lora--last-half", "lora--gradient-half", "qlora--nf4-paged")


HEADERS = ("cell", "ended", "seconds", "GiB of the card", "GiB of the process")


def grid(shape: Shape, folder: Path, *, steps: int, items: int) -> tuple[list[tuple[Any, ...]], float]:
    """Run the grid and return a line a cell, as `HEADERS` says, and the wall seconds of the command."""
    file = folder / "gpu.json"
    file.write_text(json.dumps(experiment(shape, steps=steps, items=items)), encoding="utf-8")
    out = folder / "run"
    words = [sys.executable, "-m", "harness", "run", str(file), "--device", shape.device, "--out", str(out)]
    began = time.perf_counter()
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    seconds = time.perf_counter() - began
    if done.returncode not in (0, 3):
        raise SystemExit(f"harness run ended with {done.returncode}:\n{done.stdout}\n{done.stderr}")
    return [line(each) for each in ledger.read(out).outcomes], seconds


def experiment(shape: Shape, *, steps: int, items: int) -> dict[str, Any]:
    """Return the grid's spec."""
    return {
        "extends": "gap",
        "name": "gpu",
        "model": {"source": "path", "path": str(shape.folder), "dtype": shape.dtype, "config": None},
        "seeds": [42],
        "training": {"max_steps": steps},
        "recipes": list(RECIPES),
        "suites": [
            {"task": "k8s_qa", "role": "in_domain", "metric": "answer_margin"},
            {"task": "techmanual_qa", "role": "out_of_domain", "metric": "answer_margin"},
        ],
        "controls": [],
        "evaluation": {"batch_size": 32, "limit": items},
        "comparison": {"reference": RECIPES[0], "candidates": list(RECIPES[1:])},
    }


def line(outcome: CellResult | CellFailure) -> tuple[Any, ...]:
    """Return how a cell ended and what it took."""
    if isinstance(outcome, CellFailure):
        return (outcome.cell.id, f"failed in {outcome.stage}: {outcome.message}", None, None, None)
    costs = outcome.costs
    return (outcome.cell.id, "done", costs.total_seconds, *map(gib, (costs.accelerator_memory_max, costs.rss_max)))


def gib(count: int | None) -> float | None:
    """Return bytes in GiB."""
    return None if count is None else count / GIB
