"""How many times as long a plain script must take by arithmetic alone: its operations over those that are needed.

The script reads padding in training, computes activations again unless it is thrifty, runs the output head at every
position, reads a prompt once for each option with its examples before it, and probes for every recipe. Needed are real
tokens, read once; a probe once a seed; and of a trained model's scoring the layers from the lowest that trains on,
where what enters them is known from the untuned model. Both are taken to run at the same rate: workers side by side,
pages of memory and the optimizer's own work are beyond this bound.
"""

import random
from dataclasses import dataclass
from typing import Any

from benchmarks.floor import counting
from benchmarks.floor.counting import Read, Sizes
from benchmarks.grid.jobs import Job, Plan
from benchmarks.scorer.engines import recorded
from harness.evaluation.batching import share_rows
from harness.evaluation.opening import opening_tokens
from harness.evaluation.scorer import TOKENS
from harness.sources import models
from harness.suites.load import load_task
from harness.training.tokens import tokens_of

DRAWS = 2000
"""Batches that are drawn to see how much of them is padding."""


@dataclass(frozen=True)
class Rows:
    """Training rows on average: real tokens, padded tokens, pairs that attention needs, predicted tokens."""

    tokens: float
    padded: float
    pairs: float
    predicted: float


def bound(plan: Plan, *, recomputing: bool) -> str:
    """Return lines with the bound, its parts in training and scoring, and what scoring from a layer on needs."""
    loaded = models.load(plan.experiment.model)
    size = counting.sizes(loaded.model)
    rows = rows_of(plan, loaded.tokenizer)
    needed, taken = {"training": 0.0, "scoring": 0.0}, {"training": 0.0, "scoring": 0.0}
    probed: set[int] = set()
    upper: dict[int, list[float]] = {}
    for (_, seed), job in plan.jobs.items():
        if job["trains"]:
            most, least = trained(job, rows, size, recomputing=recomputing)
            probe_most, probe_least = probe(job, rows, size)
            taken["training"] += most + probe_most
            needed["training"] += least + (0.0 if seed in probed else probe_least)
            if job["probe"] and seed is not None:
                probed.add(seed)
        low = lowest(job)
        for task, asked in job["tasks"].items():
            plain, read = _scored(loaded, task, asked, plan)
            taken["scoring"] += counting.forward(plain, size)
            above = counting.forward(read, size, lowest=low)
            needed["scoring"] += above
            if low:
                upper.setdefault(low, []).append(above / counting.forward(read, size))
    parts = ", ".join(f"{name} {taken[name] / needed[name]:.2f}" for name in needed)
    whole = sum(taken.values()) / sum(needed.values())
    share = needed["training"] / sum(needed.values())
    return (
        f"by arithmetic the script takes {whole:.2f} times the operations that are needed "
        f"({parts}; {share:.0%} of what is needed is training), at the same rate\n"
        + "".join(
            f"scoring from layer {layer} on needs {_span(shares)} of scoring the whole, by suite: the head stays\n"
            for layer, shares in sorted(upper.items())
        )
    )


def _span(shares: list[float]) -> str:
    return f"{min(shares):.2f} to {max(shares):.2f}"


def rows_of(plan: Plan, tokenizer: Any) -> Rows:
    """Return what training rows are on average, padding by drawn batches."""
    examples = [(len(ids), len(ids) - prompt) for ids, prompt in (tokens_of(row, tokenizer) for row in plan.rows)]
    read, size = counting.read_by_training(examples), int(plan.experiment.training["per_device_train_batch_size"])
    draw = random.Random(0)
    lengths = [length for length, _ in examples]
    padded = sum(max(draw.sample(lengths, size)) for _ in range(DRAWS)) / DRAWS
    count = len(examples)
    return Rows(read.tokens / count, padded, read.pairs / count, read.predicted / count)


def lowest(job: Job) -> int:
    """Return the lowest layer whose input another cell has not computed: 0 where all train, or the gradient chooses."""
    layers: list[int] = (job.get("lora") or {}).get("layers_to_transform") or [0]
    return min(layers)


def trained(job: Job, rows: Rows, size: Sizes, *, recomputing: bool) -> tuple[float, float]:
    """Return the operations of the script's training and those that are needed, adapters' own left out."""
    number = int(job["training"]["max_steps"]) * int(job["training"]["per_device_train_batch_size"])
    full = job["lora"] is None
    back = size.layers - lowest(job)

    def layers(tokens: float, pairs: float, forward: int = 1) -> float:
        matrices, attention = 2.0 * tokens * size.inside, 4.0 * pairs * size.queries
        own = matrices * size.layers if full else 0.0  # gradients by the weights
        return (matrices + attention) * size.layers * forward + (matrices + 2 * attention) * back + own

    head = 2.0 * size.head * (3 if full else 2)
    most = layers(rows.padded, rows.padded**2, 2 if recomputing else 1) + head * rows.padded
    least = layers(rows.tokens, rows.pairs) + head * rows.predicted
    return most * number, least * number


def probe(job: Job, rows: Rows, size: Sizes) -> tuple[float, float]:
    """Return the operations of a probe by the script, on padded rows, and of one on real tokens."""
    if not job["probe"]:
        return 0.0, 0.0
    number = sum(len(batch) for batch in job["probe"]["batches"])
    a_token = 6.0 * size.inside * size.layers
    return (
        number * rows.padded * (a_token + 6.0 * size.head),
        number * (rows.tokens * a_token + 4.0 * rows.predicted * size.head),
    )


_SCORED: dict[tuple[str, int, int], tuple[Read, Read]] = {}


def _scored(loaded: models.Loaded, task: str, asked: dict[str, Any], plan: Plan) -> tuple[Read, Read]:
    """Return what scoring a suite reads a row an option, and with prompts and their opening read once."""
    items = asked["items"]
    key = (task, asked["shots"], -1 if items is None else len(items))
    if key not in _SCORED:
        _SCORED[key] = scored(loaded, task, asked, plan)
    return _SCORED[key]


def scored(loaded: models.Loaded, name: str, asked: dict[str, Any], plan: Plan) -> tuple[Read, Read]:
    """Return what `_scored` does, for as many items from the head of the suite."""
    task = load_task(name)
    task.set_config(key="num_fewshot", value=asked["shots"])
    task.set_fewshot_seed(seed=0)
    items = len(task.eval_docs) if asked["items"] is None else len(asked["items"])
    requests = recorded(loaded, task, items, plan.experiment.evaluation.batch_size)
    plain = Read(
        sum(len(context) + len(option) - 1 for _, context, option in requests),
        sum((len(context) + len(option)) ** 2 for _, context, option in requests),
        sum(len(context) + len(option) - 1 for _, context, option in requests),
    )
    opening = opening_tokens(context for _, context, _ in requests)
    own = [(text, context[len(opening) :], option) for text, context, option in requests]
    return plain, counting.read_by_scoring(share_rows(own, budget=TOKENS), opening=len(opening))
