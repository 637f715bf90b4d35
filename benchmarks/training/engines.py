"""One training by the harness or by plain TRL, step by step: called in a process with the environment that it has."""

import inspect
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from functools import cache
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import datasets
import transformers
from datasets import Dataset
from transformers import PreTrainedModel, TrainerCallback
from trl import SFTConfig, SFTTrainer

from benchmarks.floor import counting
from harness import spec
from harness.methods._base import Adapted, base_of
from harness.methods.adapt import adapt
from harness.methods.dispatch import training_flops
from harness.model.devices import device_kind, synchronize
from harness.sources import models
from harness.sources.data import COLUMNS, Row
from harness.spec.records import Execution
from harness.training import train
from harness.training.lengths import spans
from harness.training.rows import training_rows

SEED = 42
PREFIX_BYTES = 2 << 30

TRL = "TRL"
"""SFTTrainer with its defaults but for two that a CPU has no use for: bfloat16, and activations that are recomputed."""

AS_IT_COMES = "TRL, recomputing"
"""SFTTrainer with its defaults but for bfloat16, whose losses are others."""

HARNESS = "harness"

PLAIN_ALLOCATOR = f"{HARNESS}, plain allocator"
"""The harness outside the environment of its workers."""

PREFIX = f"{HARNESS}, frozen_training on"
"""What enters the lowest trained layer is computed for all rows in the first step, and read from then on."""

PREFIX_FILLED = f"{HARNESS}, frozen_training filled"
"""The same where an earlier cell has computed it: the last training of `PREFIX`."""


@dataclass(frozen=True)
class Steps:
    """What a training took, by step: wall and CPU seconds; losses in nats; what was read and has to be computed.

    `tokens` are real ones of a step on average, `flops` the operations that they need. Plain TRL counts neither.
    """

    wall: list[float]
    cpu: list[float]
    losses: list[float]
    tokens: float = 0.0
    flops: float = 0.0


class Stamps(TrainerCallback):
    """Notes times and losses of every step on a device, from the moment on in which training begins."""

    def __init__(self, device: str = "cpu") -> None:
        self._device = device
        self.times: list[tuple[float, float]] = []
        self.losses: list[float] = []

    def on_train_begin(self, *_args: Any, **_more: Any) -> None:
        """Note the time."""
        self.on_step_end()

    def on_step_end(self, *_args: Any, **_more: Any) -> None:
        """Note the time, once the device is done with the step."""
        synchronize(self._device)
        self.times.append((time.perf_counter(), time.process_time()))

    def on_log(self, _args: Any, _state: Any, _control: Any, logs: Mapping[str, Any] | None = None, **_: Any) -> None:
        """Note the loss."""
        if logs and "loss" in logs:
            self.losses.append(float(logs["loss"]))

    def steps(self, **more: float) -> Steps:
        """Return what was noted."""
        between = [
            (after[0] - before[0], after[1] - before[1])
            for before, after in zip(self.times, self.times[1:], strict=False)
        ]
        return Steps([wall for wall, _ in between], [cpu for _, cpu in between], self.losses, **more)


def switches() -> list[str]:
    """Return the shortcuts of training that a spec's `execute` can switch off, as this version has them."""
    known = {field.name for field in fields(Execution) if isinstance(field.default, bool)}
    return [name for name in inspect.signature(train).parameters if name in known]


def engines() -> list[str]:
    """Return the names of all engines, plain TRL last."""
    prefix = [PREFIX, PREFIX_FILLED] if "prefix" in inspect.signature(train).parameters else []
    return [HARNESS, *(without(name) for name in switches()), *prefix, PLAIN_ALLOCATOR, TRL, AS_IT_COMES]


def without(switch: str) -> str:
    """Return the name of the harness with one shortcut off."""
    return f"{HARNESS}, {switch} off"


def trained(engine: str, method: str, steps: int, spec_file: str) -> dict[str, Any]:
    """Train a recipe's method for so many steps; return `Steps` as JSON."""
    datasets.disable_progress_bars()
    transformers.logging.disable_progress_bar()
    loaded = spec.load(spec_file)
    rows, tokenizer = rows_of(spec_file)
    recipe = spec.load_recipe(method, Path(spec_file).parent, loaded.include)
    adapted = adapt(models.load(loaded.model).model, recipe, seed=SEED, tokenizer=tokenizer)
    asked = {**loaded.training_of(recipe), "max_steps": steps}
    stamps = Stamps()
    if engine.startswith(HARNESS):
        on: dict[str, Any] = {name: engine != without(name) for name in switches()}
        if engine in (PREFIX, PREFIX_FILLED):
            on["prefix"] = _prefix(adapted, filled=engine == PREFIX_FILLED)
        done = train(adapted, tokenizer, rows, asked, seed=SEED, on_step=lambda *_: None, callbacks=[stamps], **on)
        tokens = done.tokens / done.steps
        return vars(stamps.steps(tokens=tokens, flops=tokens * _needed(adapted, rows, tokenizer)))
    no_recomputing = {} if engine == AS_IT_COMES else {"gradient_checkpointing": False}
    with TemporaryDirectory() as scratch:
        by_trl(adapted.model, tokenizer, rows, plain_config(scratch, "cpu", {**asked, **no_recomputing}), stamps)
    return vars(stamps.steps())


_KEPT: list[TemporaryDirectory[str]] = []


def _prefix(adapted: Adapted, *, filled: bool) -> Any:
    """Return what a training reads lower layers from, in a new folder unless one is to be `filled` already."""
    kind = import_module("harness.training.prefix").RowsPrefix
    if not (filled and _KEPT):
        _KEPT.append(TemporaryDirectory())
    return kind(adapted, Path(_KEPT[-1].name) / "prefix", bound=PREFIX_BYTES)


@cache
def rows_of(spec_file: str) -> tuple[Sequence[Row], Any]:
    """Return the training rows of an experiment and its tokenizer."""
    loaded = spec.load(spec_file)
    tokenizer = models.tokenizer(loaded.model)
    return training_rows(loaded, tokenizer), tokenizer


def _needed(adapted: Adapted, rows: Sequence[Row], tokenizer: Any) -> float:
    """Return the operations of a token of the training, with its share of attention and predictions, by all rows."""
    base = base_of(adapted.model)
    read = counting.read_by_training((whole, whole - prompt) for prompt, whole in spans(rows, tokenizer))
    trains = any(weight.requires_grad for weight in base.get_input_embeddings().parameters())
    lowest = 0 if trains else min(adapted.layers)
    whole = counting.training(
        read, counting.sizes(base), a_token=training_flops(adapted), lowest=lowest, head_trains=trains
    )
    return whole / read.tokens


def plain_config(scratch: str, device: str, asked: Mapping[str, Any]) -> SFTConfig:
    """Return SFTConfig's defaults with what is asked; on a CPU without bfloat16, which is emulated there."""
    quiet = {"report_to": "none", "save_strategy": "no", "disable_tqdm": True, "logging_steps": 1}
    cpu = {"use_cpu": True, "bf16": False} if device_kind(device) == "cpu" else {}
    return SFTConfig(output_dir=scratch, seed=SEED, data_seed=SEED, **quiet, **cpu, **asked)


def by_trl(model: PreTrainedModel, tokenizer: Any, rows: Sequence[Row], config: SFTConfig, stamps: Stamps) -> None:
    """Train an adapted model with SFTTrainer alone."""
    SFTTrainer(
        model=model,
        args=config,
        train_dataset=Dataset.from_list([{name: row[name] for name in COLUMNS} for row in rows]),
        processing_class=tokenizer,
        callbacks=[stamps],
    ).train()
