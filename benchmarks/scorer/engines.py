"""One suite scored by one engine in this process: the shared-prompt scorer, with what it can leave off, or HFLM."""

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

import lm_eval.evaluator
import numpy as np
from lm_eval.api.task import Task
from lm_eval.models.huggingface import HFLM

from benchmarks._turns import Clock, Taken
from harness.evaluation.batching import Request
from harness.evaluation.progress import without_bars
from harness.evaluation.scorer import SharedPromptLM
from harness.sources.models import Loaded
from harness.spec.records import Execution

HARNESS, PLAIN = "harness", "HFLM"

Scores = list[list[float]]


@dataclass(frozen=True)
class Run:
    """One engine on one suite: what it took, log-likelihoods by item and option, and what the scorer says it did."""

    taken: Taken
    scores: Scores
    engine: str

    def apart(self, other: "Run") -> float:
        """Return the largest difference of a log-likelihood, in nats."""
        return max(float(np.abs(np.subtract(mine, theirs)).max()) for mine, theirs in self._beside(other))

    def same_choices(self, other: "Run") -> int:
        """Return on how many items both hold the same option for the likeliest."""
        return sum(int(np.argmax(mine) == np.argmax(theirs)) for mine, theirs in self._beside(other))

    def _beside(self, other: "Run") -> list[tuple[list[float], list[float]]]:
        return list(zip(self.scores, other.scores, strict=True))


class Recording(SharedPromptLM):
    """Keeps the tokenized requests instead of scoring them."""

    requests: list[Request]

    def _loglikelihood_tokens(self, requests: Sequence[Request], **_: Any) -> list[tuple[float, bool]]:
        self.requests = list(requests)
        return [(0.0, False)] * len(requests)


def switches() -> list[str]:
    """Return the shortcuts of the scorer that a spec's `execute` can switch off, as this version has them."""
    known = {field.name for field in fields(Execution) if isinstance(field.default, bool)}
    return [name for name in inspect.signature(SharedPromptLM.__init__).parameters if name in known]


def engines(loaded: Loaded, size: int) -> Mapping[str, Callable[[], HFLM]]:
    """Return by name what makes each engine anew for a model and a batch size, HFLM last."""

    def made(kind: type[HFLM], **options: Any) -> Callable[[], HFLM]:
        given = {"tokenizer": loaded.tokenizer, "batch_size": size, "softmax_dtype": "float32", **options}
        return lambda: kind(loaded.model, **given)

    off = {f"{HARNESS}, {name} off": made(SharedPromptLM, **{name: False}) for name in switches()}
    return {HARNESS: made(SharedPromptLM), **off, PLAIN: made(HFLM)}


def recorded(loaded: Loaded, task: Task, items: int, size: int) -> list[Request]:
    """Return the tokenized requests of a task's first items."""
    recorder = Recording(loaded.model, tokenizer=loaded.tokenizer, batch_size=size)
    once(recorder, task, items)
    return recorder.requests


def once(engine: HFLM, task: Task, items: int) -> Run:
    """Score a task's first items through lm-eval: prompts, tokens, scores and metrics, without loading anything."""
    name = task.task_name
    with without_bars():
        clock = Clock()
        output = lm_eval.evaluator.evaluate(
            lm=engine, task_dict={"tasks": {name: task}}, limit=items, bootstrap_iters=0
        )
        taken = clock.taken
    scores = [[float(score) for score, _ in sample["filtered_resps"]] for sample in output["samples"][name]]
    return Run(taken, scores, getattr(engine, "engine", "hflm"))
