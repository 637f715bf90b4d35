"""A training step of the harness beside one of plain TRL, on the same rows from the same weights."""

import contextlib
import gc
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

from trl import SFTConfig

from benchmarks._turns import in_turns
from benchmarks.gpu.card import forget_peak, peak_memory
from benchmarks.gpu.shape import Shape
from benchmarks.training.engines import HARNESS, SEED, Stamps, by_trl, plain_config
from harness import spec
from harness.methods.adapt import adapt
from harness.methods.dispatch import training_flops
from harness.sources.data import Row
from harness.spec.records import Recipe
from harness.training import train
from harness.training.arguments import sft_config
from harness.training.rows import training_rows

METHODS = ("full--default", "lora--all-layers", "lora--last-half", "qlora--nf4")
SAME_FIELDS = "TRL, same fields"
ENGINES = (HARNESS, f"{HARNESS}, padded", SAME_FIELDS, "TRL as it comes")
HEADERS = ("method", "engine", "tokens/s", "times TRL", "ms a step", "share of peak", "GiB", "last loss")
FIRST = 3
"""Steps that are not counted: kernels are chosen and memory is reserved in them."""

TURNS = 2


@dataclass(frozen=True)
class Ran:
    """One training: seconds of the median step, real tokens and operations a step, memory in GiB, the last loss."""

    engine: str
    step: float
    tokens: float
    flops: float
    memory: float | None
    loss: float


@dataclass(frozen=True)
class Job:
    """What is trained on: a model's shape, rows, and SFTConfig's fields."""

    shape: Shape
    rows: Sequence[Row]
    fields: dict[str, Any]


def compared(shape: Shape, *, steps: int, batch: int, methods: Sequence[str]) -> Iterator[tuple[str, list[Ran]]]:
    """Yield each method with the faster of `TURNS` runs of every engine, which take turns."""
    fields = {
        "max_steps": steps,
        "per_device_train_batch_size": batch,
        "max_length": 512,
        "learning_rate": 1e-4,
        "lr_scheduler_type": "linear",
        "warmup_steps": 2,
    }
    job = Job(shape, training_rows(spec.load("gap"), shape.tokenizer()), fields)
    for name in methods:
        recipe = recipe_named(name, shape)
        found = in_turns(ENGINES, partial(once, recipe=recipe, job=job), turns=TURNS)
        fastest = {engine: min(runs, key=lambda each: each.step) for engine, runs in found.items()}
        tokens = fastest[HARNESS].tokens
        yield name, [replace(each, tokens=tokens, flops=each.flops * tokens) for each in fastest.values()]


def recipe_named(name: str, shape: Shape) -> Recipe:
    """Return a shipped recipe; packed weights are unpacked to the model's dtype, as one has it on a card."""
    recipe = spec.load_recipe(name, Path.cwd())
    packed = recipe.base_quantization
    return recipe if packed is None else replace(recipe, quantization={**packed, "bnb_4bit_compute_dtype": shape.dtype})


def once(engine: str, recipe: Recipe, job: Job) -> Ran:
    """Train by one engine from fresh weights; tokens are counted where the harness trains, operations are a token's."""
    shape, tokenizer, tokens = job.shape, job.shape.tokenizer(), 0.0
    gc.collect()
    adapted = adapt(shape.load(recipe.base_quantization), recipe, seed=SEED, tokenizer=tokenizer)
    forget_peak(shape.device)
    stamps = Stamps(shape.device)
    with contextlib.redirect_stdout(io.StringIO()), TemporaryDirectory() as scratch:  # the trainer prints every step
        if engine.startswith(HARNESS):
            trained = train(
                adapted,
                tokenizer,
                job.rows,
                job.fields,
                seed=SEED,
                on_step=lambda *_: None,
                device=shape.device,
                dtype=shape.dtype,
                callbacks=[stamps],
                padding_free=engine == HARNESS,
            )
            tokens = trained.tokens / trained.steps
        else:
            by_trl(adapted.model, tokenizer, job.rows, config_of(engine, job, scratch), stamps)
    noted = stamps.steps()
    flops, memory = training_flops(adapted), peak_memory(shape.device)
    return Ran(engine, median(noted.wall[FIRST:]), tokens, flops, memory, noted.losses[-1])


def config_of(engine: str, job: Job, scratch: str) -> SFTConfig:
    """Return what plain TRL trains with: the harness's configuration, or TRL's defaults."""
    shape = job.shape
    if engine == SAME_FIELDS:
        return sft_config(job.fields, seed=SEED, folder=Path(scratch), device=shape.device, dtype=shape.dtype)
    return plain_config(scratch, shape.device, job.fields)


def lines(name: str, ran: Sequence[Ran], peak: float) -> Iterator[tuple[Any, ...]]:
    """Yield a line an engine, as `HEADERS` says."""
    reference = next(each for each in ran if each.engine == SAME_FIELDS)
    for each in ran:
        times = reference.step / each.step
        share = each.flops / each.step / peak
        yield (name, each.engine, each.tokens / each.step, times, each.step * 1e3, share, each.memory, each.loss)
