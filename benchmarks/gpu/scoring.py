"""The scorer beside lm-eval's HFLM on the same items."""

import time
from dataclasses import dataclass
from typing import Any

import lm_eval.evaluator
import numpy as np
from lm_eval.models.huggingface import HFLM

from benchmarks.gpu.shape import Shape
from harness.evaluation.progress import without_bars
from harness.evaluation.scorer import SharedPromptLM
from harness.model.devices import synchronize
from harness.suites.load import load_task

HEADERS = ("engine", "items/s", "times HFLM", "largest difference, nats", "same choice")
ENGINES: dict[str, type[HFLM]] = {"harness": SharedPromptLM, "HFLM": HFLM}


@dataclass(frozen=True)
class Scored:
    """One engine on one suite: seconds, and log-likelihoods in nats by item and option."""

    seconds: float
    scores: list[list[float]]


def compared(shape: Shape, *, task: str, items: int, batch: int, shots: int) -> list[tuple[Any, ...]]:
    """Return a line an engine, as `HEADERS` says, each the better of two turns."""
    model, tokenizer = shape.load(), shape.tokenizer()
    model.eval()
    best: dict[str, Scored] = {}
    for _ in range(2):
        for name, kind in ENGINES.items():
            engine = kind(model, tokenizer=tokenizer, batch_size=batch, softmax_dtype="float32")
            scored = once(engine, shape, task=task, items=items, shots=shots)
            best[name] = min(best.get(name, scored), scored, key=lambda each: each.seconds)
    reference = best["HFLM"]
    return [(name, *line(each, reference)) for name, each in best.items()]


def once(engine: HFLM, shape: Shape, *, task: str, items: int, shots: int) -> Scored:
    """Score the first items of a task."""
    asked = load_task(task)
    asked.set_config(key="num_fewshot", value=shots)
    with without_bars():
        synchronize(shape.device)
        began = time.perf_counter()
        output = lm_eval.evaluator.evaluate(
            lm=engine, task_dict={"tasks": {task: asked}}, limit=items, bootstrap_iters=0
        )
        synchronize(shape.device)
        seconds = time.perf_counter() - began
    samples = output["samples"][task]
    return Scored(seconds, [[float(score) for score, _ in sample["filtered_resps"]] for sample in samples])


def line(scored: Scored, reference: Scored) -> tuple[float, float, float, str]:
    """Return what an engine did beside the reference."""
    pairs = list(zip(scored.scores, reference.scores, strict=True))
    apart = max(float(np.abs(np.subtract(mine, other)).max()) for mine, other in pairs)
    same = sum(int(np.argmax(mine) == np.argmax(other)) for mine, other in pairs)
    return len(pairs) / scored.seconds, reference.seconds / scored.seconds, apart, f"{same} of {len(pairs)}"
