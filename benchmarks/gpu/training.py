"""A training step of the harness beside one of plain TRL, on the same rows from the same weights."""

import contextlib
import gc
import io
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

import torch
from datasets import Dataset
from transformers import PreTrainedModel, TrainerCallback
from trl import SFTConfig, SFTTrainer

from benchmarks.gpu.card import measured
from benchmarks.gpu.shape import Shape
from harness import spec
from harness.methods.adapt import adapt
from harness.methods.dispatch import training_flops
from harness.model.devices import device_kind, synchronize
from harness.sources.data import COLUMNS, Row
from harness.spec.records import Recipe
from harness.training import train
from harness.training.arguments import sft_config
from harness.training.rows import training_rows

METHODS = ("full--default", "lora--all-layers", "lora--last-half", "qlora--nf4")
ENGINES = ("harness", "harness, padded", "TRL, same fields", "TRL as it comes")
HEADERS = ("method", "engine", "tokens/s", "times TRL", "ms a step", "share of peak", "GiB", "last loss")
FIRST = 3
"""Steps that are not counted: kernels are chosen and memory is reserved in them."""

TURNS = 2
SEED = 42


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


class Stamps(TrainerCallback):
    """Notes the time after each step, once the device is done with it, and the loss."""

    def __init__(self, device: str) -> None:
        self.device = device
        self.times: list[float] = []
        self.losses: list[float] = []

    def on_step_end(self, *_args: Any, **_kwargs: Any) -> None:
        """Note the time."""
        synchronize(self.device)
        self.times.append(time.perf_counter())

    def on_log(self, _args: Any, _state: Any, _control: Any, logs: dict[str, Any] | None = None, **_: Any) -> None:
        """Note the loss."""
        if logs and "loss" in logs:
            self.losses.append(float(logs["loss"]))

    @property
    def step(self) -> float:
        """Seconds of the median step, the first ones left out."""
        return median(after - before for before, after in pairwise(self.times[FIRST - 1 :]))


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
        fastest: dict[str, Ran] = {}
        for _ in range(TURNS):
            for engine in ENGINES:
                with contextlib.redirect_stdout(io.StringIO()):  # the trainer prints every step
                    ran = once(engine, recipe_named(name, shape), job)
                fastest[engine] = min(fastest.get(engine, ran), ran, key=lambda each: each.step)
                gc.collect()
                if torch.cuda.is_available():
                    torch.cuda.empty_cache()
        tokens = fastest["harness"].tokens
        yield name, [replace(each, tokens=tokens, flops=each.flops * tokens) for each in fastest.values()]


def recipe_named(name: str, shape: Shape) -> Recipe:
    """Return a shipped recipe; packed weights are unpacked to the model's dtype, as one has it on a card."""
    recipe = spec.load_recipe(name, Path.cwd())
    packed = recipe.base_quantization
    return recipe if packed is None else replace(recipe, quantization={**packed, "bnb_4bit_compute_dtype": shape.dtype})


def once(engine: str, recipe: Recipe, job: Job) -> Ran:
    """Train by one engine from fresh weights; tokens are counted where the harness trains, operations are a token's."""
    shape, tokens = job.shape, 0.0
    adapted = adapt(shape.load(recipe.base_quantization), recipe, seed=SEED, tokenizer=shape.tokenizer())
    stamps = Stamps(shape.device)
    with measured(shape.device) as used:
        if engine.startswith("harness"):
            trained = train(
                adapted,
                shape.tokenizer(),
                job.rows,
                job.fields,
                seed=SEED,
                on_step=lambda *_: None,
                device=shape.device,
                dtype=shape.dtype,
                callbacks=[stamps],
                padding_free=engine == "harness",
            )
            tokens = trained.tokens / trained.steps
        else:
            plain(engine, adapted.model, job, stamps)
    return Ran(engine, stamps.step, tokens, training_flops(adapted), used.memory, stamps.losses[-1])


def plain(engine: str, model: PreTrainedModel, job: Job, stamps: Stamps) -> None:
    """Train the adapted model with SFTTrainer alone, as the harness configures it or with TRL's defaults."""
    device, dtype = job.shape.device, job.shape.dtype
    with TemporaryDirectory() as scratch:
        if engine == "TRL, same fields":
            args = sft_config(job.fields, seed=SEED, folder=Path(scratch), device=device, dtype=dtype)
        else:
            quiet = {"report_to": "none", "save_strategy": "no", "disable_tqdm": True, "logging_steps": 1}
            cpu = device_kind(device) == "cpu"  # TRL would compute in an emulated bfloat16 there
            plainly = {"use_cpu": True, "bf16": False} if cpu else {}
            args = SFTConfig(output_dir=scratch, seed=SEED, data_seed=SEED, **quiet, **plainly, **job.fields)
        trainer = SFTTrainer(
            model=model,
            args=args,
            train_dataset=Dataset.from_list([{name: row[name] for name in COLUMNS} for row in job.rows]),
            processing_class=job.shape.tokenizer(),
            callbacks=[stamps],
        )
        trainer.train()


def lines(name: str, ran: Sequence[Ran], peak: float) -> Iterator[tuple[Any, ...]]:
    """Yield a line an engine, as `HEADERS` says."""
    reference = next(each for each in ran if each.engine == "TRL, same fields")
    for each in ran:
        times = reference.step / each.step
        share = each.flops / each.step / peak
        yield (name, each.engine, each.tokens / each.step, times, each.step * 1e3, share, each.memory, each.loss)
