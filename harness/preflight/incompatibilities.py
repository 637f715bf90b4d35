"""What makes an experiment's recipes impossible to train, found before anything is trained and said all at once."""

import traceback
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from harness.errors import HarnessError, InternalError, RecipeError, UsageError
from harness.methods.incompatibilities import incompatibilities
from harness.model.devices import device_kind, is_available
from harness.model.precision import Dtype
from harness.plan.sizes import recipes_to_train
from harness.spec.launch import is_of_processors, processes_of
from harness.spec.records import Execution, Experiment, Model, Recipe
from harness.training.arguments import sft_config
from harness.training.shared import shared_fields

_POSITIVE = ("per_device_train_batch_size", "gradient_accumulation_steps")
_SHARDING = ("fsdp", "deepspeed")
_FLOAT16_ON_CPU = (
    "training in float16 (model.dtype, or training.fp16) takes a loss scaling that a CPU has not. "
    "Use bfloat16 or float32 there."
)
_OF_BITSANDBYTES = ("8bit", "32bit", "paged", "bnb", "ademamix")
"""Parts of the names that transformers gives to bitsandbytes' optimizers."""
_BROUGHT_BY = {
    "galore": ("galore_torch", "galore-torch"),
    "apollo": ("apollo_torch", "apollo-torch"),
    "lomo": ("lomo_optim", "lomo-optim"),
    "adalomo": ("lomo_optim", "lomo-optim"),
    "grokadamw": ("grokadamw", "grokadamw"),
    "schedule": ("schedulefree", "schedulefree"),
    "stable": ("optimi", "torch-optimi"),
}
"""By how transformers' names of optimizers begin, the module and the distribution that bring them."""


def check_device(device: str) -> None:
    """Raise `UsageError` for a device that PyTorch does not see here."""
    if not is_available(device):
        raise UsageError(
            f"the device {device} is asked for, and PyTorch sees none here. Give --device cpu, or install a build of "
            "torch for the accelerator."
        )


def check_launch(execute: Execution, device: str, devices: int | None) -> None:
    """Raise `UsageError` for a launch on other devices than the cells', or on more than there are (None on a CPU)."""
    if execute.launch is None:
        return
    processes, on_cpu = processes_of(execute), is_of_processors(execute.config)
    if on_cpu != (device_kind(device) == "cpu"):
        remedy = "Give --device cpu." if on_cpu else "Its distributed_type MULTI_CPU, or use_cpu, launches on a CPU."
        raise UsageError(f"execute.config launches on {_KINDS[on_cpu]}, and the cells' device is {device}. {remedy}")
    if devices is not None and processes > devices:
        raise UsageError(
            f"execute.config asks for {processes} processes (num_processes), and PyTorch sees {devices} "
            f"{'accelerator' if devices == 1 else 'accelerators'} here: each process has one of its own."
        )


_KINDS = {True: "processors", False: "accelerators"}


def check_recipes(
    experiment: Experiment,
    config: Mapping[str, Any] | None,
    device: str,
    on_recipe: Callable[[str], None] = lambda _: None,
) -> None:
    """Raise `RecipeError` with every reason why a recipe could not be trained on the model of `config` and `device`.

    Without a `config`, which is transformers' own, fewer reasons can be found. Where looking at a recipe breaks down,
    that is one reason among the others, which names it; unless it is PEFT that does, `InternalError` is raised.
    `on_recipe` is called with the name of each before it is looked at: what ends the process can be told then.
    """
    found = _Findings()
    if device_kind(device) == "mps":
        found.reasons += _of_dtype(experiment.model)
    for recipe in recipes_to_train(experiment):
        on_recipe(recipe.id)
        found.of(recipe, lambda recipe=recipe: _reasons(experiment, recipe, config, device))  # type: ignore[misc]
    found.tell()


def _reasons(experiment: Experiment, recipe: Recipe, config: Mapping[str, Any] | None, device: str) -> Iterator[str]:
    yield from incompatibilities(recipe, config, device, training=experiment.training_of(recipe))
    yield from _of_training_fields(experiment, recipe, device)
    if device_kind(device) == "mps":
        yield from _of_apple_silicon(experiment, recipe)


@dataclass(slots=True)
class _Findings:
    """What is wrong with the recipes so far; `broken` where that is harness's own fault."""

    reasons: list[str] = field(default_factory=list)
    broken: bool = False

    def of(self, recipe: Recipe, look: Callable[[], Iterable[str]]) -> None:
        """Add what a look at a recipe finds, or how it ended."""
        try:
            self.reasons += (f"{recipe.id}: {reason}" for reason in look())
        except HarnessError as error:
            self.reasons.append(f"{recipe.id}: {error}")
        except Exception as error:  # noqa: BLE001 - one recipe must not hide what is wrong with the others
            traceback.print_exc()  # standard error is a log file
            self._of_breakdown(recipe, error)

    def _of_breakdown(self, recipe: Recipe, error: Exception) -> None:
        what = f"{type(error).__name__}: {error}"
        if _passed_through(error, "peft"):
            self.reasons.append(f"{recipe.id}: PEFT fails on the peft block: {what}. Look at its fields.")
        else:
            self.broken = True
            self.reasons.append(f"{recipe.id}: looking at it failed ({what}), which is a bug; the log has more.")

    def tell(self) -> None:
        """Raise what was found, if anything was."""
        if self.reasons:
            raise (InternalError if self.broken else RecipeError)("\n".join(dict.fromkeys(self.reasons)))


def _passed_through(error: Exception, package: str) -> bool:
    """Tell whether an exception was raised in or below a package's code."""
    frames = (frame for frame, _ in traceback.walk_tb(error.__traceback__))
    return any(str(frame.f_globals.get("__name__")).partition(".")[0] == package for frame in frames)


def _of_training_fields(experiment: Experiment, recipe: Recipe, device: str) -> Iterator[str]:
    """Yield what SFTConfig refuses of the recipe's training fields, and numbers with which nothing is trained."""
    # Another dtype than float32 is refused on Apple silicon as such.
    dtype: Dtype = "float32" if device_kind(device) == "mps" else experiment.model.dtype
    for part in recipe.parts:
        fields = experiment.training_of(part.trained)
        sharding = [name for name in _SHARDING if fields.get(name)]
        if sharding:
            yield from (
                f"training.{name} spreads a model over processes that a launcher starts, and a cell is one process on "
                "one device unless execute.launch and execute.config say otherwise. Leave it out."
                for name in sharding
            )
            continue
        try:
            arguments = sft_config(fields, seed=0, folder=Path("unused"), device=device, dtype=dtype)
        except (ValueError, TypeError, ImportError) as error:
            yield f"training: {error}"
            continue
        yield from _of_launch(experiment, fields)
        yield from _of_optimizer(str(fields.get("optim", "")))
        if arguments.fp16 and device_kind(device) == "cpu":
            yield _FLOAT16_ON_CPU
        length = "max_steps" if arguments.max_steps >= 0 else "num_train_epochs"
        yield from (
            f"training.{name} is {getattr(arguments, name)}, with which nothing is trained. Give more than 0."
            for name in (*_POSITIVE, length)
            if getattr(arguments, name) <= 0
        )


def _of_optimizer(name: str) -> Iterator[str]:
    """Yield that an optimizer's own package is not installed, which transformers says when training begins."""
    module, distribution = _BROUGHT_BY.get(name.partition("_")[0], (None, None))
    if module is not None and find_spec(module) is None:
        yield f"training.optim {name!r} needs a package that is not installed: `pip install {distribution}` brings it."


def _of_launch(experiment: Experiment, fields: Mapping[str, Any]) -> Iterator[str]:
    """Yield why the processes of a launch cannot share the steps of a training."""
    try:
        shared_fields(fields, processes_of(experiment.execute))
    except RecipeError as error:
        yield str(error)


def _of_dtype(model: Model) -> Iterator[str]:
    if model.dtype != "float32":
        yield (
            f"model.dtype is {model.dtype}; on Apple silicon only float32 is trained and scored. Use it, CUDA or a CPU."
        )


def _of_apple_silicon(experiment: Experiment, recipe: Recipe) -> Iterator[str]:
    """Yield what needs another device than ``mps``: whatever bitsandbytes does, and training in 16 bits."""
    if recipe.base_quantization is not None:
        yield ("Quantized weights need CUDA or a CPU: bitsandbytes does not run on Apple silicon. Give --device cpu.")
    for part in recipe.parts:
        fields = experiment.training_of(part.trained)
        yield from (
            f"training.{name} needs CUDA or a CPU: on Apple silicon training is in float32. Leave it out."
            for name in ("fp16", "bf16")
            if fields.get(name)
        )
        optimizer = str(fields.get("optim", ""))
        if "torch" not in optimizer and any(mark in optimizer for mark in _OF_BITSANDBYTES):
            yield f"training.optim {optimizer!r} is bitsandbytes' and needs CUDA or a CPU. Use adamw_torch."
