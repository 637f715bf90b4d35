"""The shared-prompt scorer beside lm-eval's HFLM: items per second, differences, tokens read.

    python benchmarks/scorer/run.py [--spec gap] [--suite k8s_qa] [--items 64] [--repeats 3]

Both engines score the same items of the spec's suites on the spec's base model, in turns; the best time of each
counts. What is timed is lm-eval's evaluation (prompts, tokenization, scoring, metrics), without loading the task
or the model. Run it on an idle machine: the load average is printed for that reason. On a busy one set
OMP_NUM_THREADS=1 and read the ratio of CPU time.
"""

import argparse
import logging
import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import lm_eval.evaluator
import numpy as np
import torch
from lm_eval.api.task import Task
from lm_eval.models.huggingface import HFLM
from tabulate import tabulate

from harness import spec
from harness.evaluation.batching import Request, cut_into_batches, share_rows
from harness.evaluation.progress import without_bars
from harness.evaluation.scorer import TOKENS, SharedPromptLM
from harness.sources import models
from harness.suites.load import load_task


@dataclass(frozen=True)
class Run:
    """One engine on one suite: wall and CPU seconds, and log-likelihoods by item and option."""

    seconds: float
    cpu: float
    scores: list[list[float]]


class Recording(SharedPromptLM):
    """Keeps the tokenized requests instead of scoring them."""

    requests: list[Request]

    def _loglikelihood_tokens(self, requests: list[Request], **_: Any) -> list[tuple[float, bool]]:
        self.requests = requests
        return [(0.0, False)] * len(requests)


def main() -> None:
    options = arguments()
    logging.getLogger("lm_eval").addHandler(logging.NullHandler())
    experiment = spec.load(options.spec)
    loaded = models.load(experiment.model)
    engines: list[type[HFLM]] = [SharedPromptLM, HFLM]
    names = options.suite or [suite.task for suite in experiment.suites]
    size = experiment.evaluation.batch_size
    print(f"{torch.get_num_threads()} threads, load average before the run {os.getloadavg()[0]:.1f}")
    print(f"model of specs/{options.spec}.json, {options.items} items a suite, batches of {size}\n")

    def build(engine: type[HFLM]) -> HFLM:
        return engine(loaded.model, tokenizer=loaded.tokenizer, batch_size=size, softmax_dtype="float32")

    lines = []
    for name in names:
        task = load_task(name, beside=experiment.file.parent, include=experiment.include)
        task.set_config(key="num_fewshot", value=0)
        best = compare(lambda engine, task=task: once(build(engine), task, options.items), engines, options.repeats)
        recorder = build(Recording)
        once(recorder, task, options.items)
        lines.append([name, *timings(*best, options.items), *differences(*best), *tokens(recorder.requests, size)])
    print(tabulate(lines, headers=HEADERS, floatfmt=FORMATS))


HEADERS = [
    "suite",
    "shared/s",
    "HFLM/s",
    "ratio",
    "CPU ratio",
    "max |Δ|",
    "choices",
    "tokens",
    "padding",
    "HFLM tokens",
]
FORMATS = ("", ".2f", ".2f", ".2f", ".2f", ".1e")


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--spec", default="gap", help="experiment whose model and suites are used")
    parser.add_argument("--suite", action="append", help="a suite instead of the spec's (repeatable)")
    parser.add_argument("--items", type=int, default=64, help="items a suite")
    parser.add_argument("--repeats", type=int, default=3, help="turns of each engine")
    return parser.parse_args()


def once(engine: HFLM, task: Task, items: int) -> Run:
    name = task.task_name
    with without_bars():
        started, used = time.perf_counter(), time.process_time()
        output = lm_eval.evaluator.evaluate(
            lm=engine, task_dict={"tasks": {name: task}}, limit=items, bootstrap_iters=0
        )
        seconds, cpu = time.perf_counter() - started, time.process_time() - used
    scores = [[float(score) for score, _ in sample["filtered_resps"]] for sample in output["samples"][name]]
    return Run(seconds, cpu, scores)


def compare(run: Callable[[type[HFLM]], Run], engines: list[type[HFLM]], repeats: int) -> list[Run]:
    """Run the engines in turns and return the fastest run of each."""
    turns = [[run(engine) for engine in engines] for _ in range(repeats)]
    return [min(runs, key=lambda each: each.seconds) for runs in zip(*turns, strict=True)]


def timings(ours: Run, theirs: Run, items: int) -> list[Any]:
    scored = min(items, len(ours.scores))
    return [scored / ours.seconds, scored / theirs.seconds, theirs.seconds / ours.seconds, theirs.cpu / ours.cpu]


def differences(ours: Run, theirs: Run) -> list[Any]:
    pairs = list(zip(ours.scores, theirs.scores, strict=True))
    largest = max(float(np.abs(np.subtract(mine, other)).max()) for mine, other in pairs)
    same = sum(int(np.argmax(mine) == np.argmax(other)) for mine, other in pairs)
    return [largest, f"{same}/{len(pairs)} same"]


def tokens(requests: list[Request], size: int) -> list[Any]:
    """Return tokens that shared rows read, their padding's share, and tokens that a row an option would read."""
    ordered = share_rows(requests, budget=TOKENS)
    read = sum(row.length for row in ordered)
    padded = sum(len(batch) * batch[0].length for batch in cut_into_batches(ordered, size=size, budget=TOKENS))
    apart = sum(len(context) + len(option) - 1 for _, context, option in requests)
    return [read, f"{padded / read - 1:.1%}", apart]


if __name__ == "__main__":
    main()
