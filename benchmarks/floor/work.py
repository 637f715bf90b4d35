"""What the floor is measured from, in one process with a worker's environment: matrix products, training, scoring."""

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import torch

from benchmarks._turns import Clock
from benchmarks.floor import counting
from benchmarks.scorer.engines import HARNESS, engines, once, recorded
from benchmarks.training import engines as training
from harness import spec
from harness.evaluation.batching import Tokens, share_rows
from harness.evaluation.opening import opening_tokens
from harness.evaluation.scorer import TOKENS
from harness.model.devices import synchronize
from harness.sources import models
from harness.suites.examples import with_shots
from harness.suites.load import load_task

SIZE = 2048
PRODUCTS = 8
WARM_UP = 3


def work(what: str, **asked: Any) -> dict[str, float]:
    """Return wall and CPU seconds, and the operations of them, of ``peak``, ``training`` or ``scoring``."""
    works: dict[str, Callable[..., dict[str, float]]] = {"peak": peak, "training": trained, "scoring": scored}
    return works[what](**asked)


def peak(size: int = SIZE, dtype: str = "float32", device: str = "cpu") -> dict[str, float]:
    """Multiply random `size` × `size` matrices."""
    left, right = torch.randn(2, size, size, device=device, dtype=getattr(torch, dtype))
    for _ in range(WARM_UP):
        left @ right
    synchronize(device)
    clock = Clock()
    for _ in range(PRODUCTS):
        left @ right
    synchronize(device)
    taken = clock.taken
    return {"wall": taken.wall, "cpu": taken.cpu, "flops": 2.0 * size**3 * PRODUCTS}


def trained(spec_file: str, method: str, steps: int) -> dict[str, float]:
    """Train; the steps are counted, from the first on."""
    done = training.Steps(**training.trained(training.HARNESS, method, steps, spec_file))
    return {"wall": sum(done.wall), "cpu": sum(done.cpu), "flops": done.flops * len(done.wall)}


def scored(spec_file: str, suite: str, items: int) -> dict[str, float]:
    """Score the base model on a suite through lm-eval."""
    experiment, loaded = _loaded(spec_file)
    declared = next(each for each in experiment.suites if each.task == suite)
    task = with_shots(load_task(suite, beside=experiment.file.parent, include=experiment.include), declared)
    size = experiment.evaluation.batch_size
    requests = recorded(loaded, task, items, size)
    opening: Tokens = opening_tokens(context for _, context, _ in requests)
    own = [(text, context[len(opening) :], option) for text, context, option in requests]
    read = counting.read_by_scoring(share_rows(own, budget=TOKENS), opening=len(opening))
    taken = once(engines(loaded, size)[HARNESS](), task, items).taken
    return {"wall": taken.wall, "cpu": taken.cpu, "flops": counting.forward(read, counting.sizes(loaded.model))}


@cache
def _loaded(spec_file: str) -> tuple[Any, models.Loaded]:
    experiment = spec.load(Path(spec_file))
    return experiment, models.load(experiment.model)
