"""What a device holds of a training batch: settled once, before the first cell, and the same for all recipes.

On an accelerator the recipe that asks for most memory makes two steps on the longest rows, with the batch as it is
declared and then with half as many rows at a time, until memory suffices: from the second step on the optimizer's
moments are there too. A CPU has no exception for memory that runs out, its system swaps or ends the process; there a
plan's estimate decides, against all memory that the machine has, whatever is free just then. Rows that are read in
parts make the same step, see `harness.training.parts`.
"""

import gc
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Literal

import psutil
import torch
from transformers import PreTrainedTokenizerBase
from trl import SFTConfig

from harness.errors import RecipeError, TrainingError
from harness.methods.adapt import adapt
from harness.model.devices import device_kind, device_name, ran_out
from harness.model.precision import usable_dtype
from harness.plan.batch import halves
from harness.plan.identity import rows_key
from harness.plan.sizes import recipes_to_train
from harness.preflight.row_tokens import RowTokens
from harness.preflight.token_counts import TokenCounts, count_training
from harness.preflight.trainings import Demand, demands
from harness.preflight.unknown import Unknown
from harness.records import GIB, Fit
from harness.sources import models
from harness.sources.data import Row
from harness.spec.records import Experiment
from harness.suites.load import built_once
from harness.training import train
from harness.training.lengths import cut
from harness.training.probe import probe_batches
from harness.training.rows import ranking_rows, stage_rows
from harness.training.tokens import tokens_of

STEPS = 2
_REMEDY = (
    "Take a device with more memory, or ask for less of it: `quantization` in the recipe, "
    "training.gradient_checkpointing, a smaller training.max_length, or fewer weights that train."
)


@built_once()
def settle(experiment: Experiment, device: str, on_stage: Callable[[str], None] = lambda _: None) -> Fit:
    """Return how many rows of a training batch are read at a time on this machine's `device`.

    `on_stage` is called with ``memory`` before steps are tried. Raises `RecipeError` where the device is too small for
    a single row of the largest recipe, and what loading, adapting and training it raise for another reason.
    """
    if not experiment.recipes or experiment.execute.launch is not None:  # processes share a batch by themselves
        return Fit()
    experiment = replace(experiment, recipes=recipes_to_train(experiment))
    if device_kind(device) == "cpu":
        return estimated(experiment, room=psutil.virtual_memory().total, swap=psutil.swap_memory().total)
    on_stage("memory")
    return measured(experiment, device)


def estimated(experiment: Experiment, *, room: int, swap: int = 0) -> Fit:
    """Return what `room` bytes of memory hold of a batch by a plan's estimate; `swap` may take what a single row lacks.

    Rows are counted only where rows as long as `max_length` allows would be too much.
    """
    longest = _longest_allowed(experiment)
    if longest is not None and _most(demands(experiment, _all_of(longest, experiment), "cpu")) <= room:
        return Fit()
    asked = demands(experiment, _counted(experiment), "cpu")
    if _most(asked) <= room:
        return Fit()
    largest = max(asked, key=lambda each: each.memory.bytes_with())
    sizes = list(halves(max(each.memory.rows for each in asked))) if largest.memory.divisible else []
    rows = next((each for each in sizes if _most(asked, each) <= room), sizes[-1] if sizes else None)
    taken = _most(asked, rows)
    if taken > room + swap:
        raise _too_small(largest, experiment, f"this machine has {room / GIB:.1f} GiB of memory", taken=taken)
    if rows is None:
        return Fit()
    return _settled("estimated", largest, rows, taken, room)


def measured(experiment: Experiment, device: str) -> Fit:
    """Return what the device holds of a batch, by steps of the largest recipe on it."""
    asked = demands(experiment, _counted(experiment), device)
    largest = max(asked, key=lambda each: each.memory.bytes_with())
    sizes: list[int | None] = [None]
    if largest.memory.divisible:
        sizes += halves(largest.memory.rows)
    for rows in sizes:
        if _holds(largest, experiment, device, rows):
            taken, room = _of_device(device)
            return _settled("measured", largest, rows, taken, room)
    _, room = _of_device(device)
    has = "" if room is None else f" has {room / GIB:.1f} GiB of memory, which"
    raise _too_small(largest, experiment, f"{device_name(device)}{has} ran out")


def _settled(
    way: Literal["estimated", "measured"], largest: Demand, rows: int | None, taken: int | None, room: int | None
) -> Fit:
    asked = largest.memory
    return Fit(way=way, rows_at_once=rows, recipe=asked.recipe, rows=asked.rows, taken=taken, room=room)


def _most(asked: Sequence[Demand], rows_at_once: int | None = None) -> int:
    return max(each.memory.bytes_with(rows_at_once) for each in asked)


def _fields(demand: Demand, experiment: Experiment) -> dict[str, Any]:
    return experiment.training_of(demand.stage.trained)


def _longest_allowed(experiment: Experiment) -> int | None:
    """Return the tokens that no row exceeds, None where a training cuts none."""
    parts = [part for recipe in experiment.recipes for part in recipe.parts]
    limits = [experiment.training_of(part.trained).get("max_length", SFTConfig.max_length) for part in parts]
    return None if None in limits else max(map(int, limits))


def _all_of(length: int, experiment: Experiment) -> TokenCounts:
    """Return counts of rows of which each token is one of so many, and predicted."""
    rows = RowTokens(count=None, tokens=length, completion_tokens=length)
    keys = {rows_key(part) for recipe in experiment.recipes for part in recipe.parts}
    return TokenCounts(rows=rows, suites={}, stages={key: rows for key in keys if key is not None})


def _counted(experiment: Experiment) -> TokenCounts:
    """Return counts of the rows that train, in which no row is left out of the longest."""
    found = count_training(experiment, models.tokenizer(experiment.model), Unknown())
    stages = {key: _with_all_lengths(rows) for key, rows in found.stages.items()}
    return replace(found, rows=_with_all_lengths(found.rows), stages=stages)


def _with_all_lengths(rows: RowTokens) -> RowTokens:
    return replace(rows, lengths=tuple(whole for _, whole in rows.spans) or rows.lengths)


def _holds(demand: Demand, experiment: Experiment, device: str, rows: int | None) -> bool:
    """Tell whether the device holds so many rows at a time; what a failed attempt had is let go of by then."""
    try:
        _step(demand, experiment, device, rows)
        held = True
    except TrainingError:
        held = True  # it trains badly, which is a cell's record
    except Exception as error:
        if not ran_out(error):
            raise
        held = False
    gc.collect()  # a trainer holds its model in a cycle
    if device_kind(device) == "cuda":
        torch.cuda.empty_cache()
    return held


def _step(demand: Demand, experiment: Experiment, device: str, rows_at_once: int | None) -> None:
    """Make the steps as a cell makes them, on the longest rows."""
    if device_kind(device) == "cuda":
        torch.cuda.reset_peak_memory_stats(device)
    fields, seed = _fields(demand, experiment), next(iter(experiment.seeds), 0)
    model = replace(experiment.model, dtype=usable_dtype(experiment.model.dtype, device))
    loaded = models.load(model, quantization=demand.recipe.base_quantization, device=device)
    rows = stage_rows(experiment, demand.stage, loaded.tokenizer)
    data = demand.stage.trained.layers.data
    ranked_by = None if data is None else ranking_rows(experiment, data, loaded.tokenizer)
    adapted = adapt(
        loaded.model,
        demand.stage.trained,
        seed=seed,
        batches=probe_batches(rows, loaded.tokenizer, fields, seed=seed),
        ranking=None if ranked_by is None else probe_batches(ranked_by, loaded.tokenizer, fields, seed=seed),
        tokenizer=loaded.tokenizer,
    )
    train(
        adapted,
        loaded.tokenizer,
        _longest(rows, loaded.tokenizer, fields, count=demand.memory.rows),
        {**fields, "max_steps": STEPS, "gradient_accumulation_steps": 1},
        seed=seed,
        on_step=lambda *_: None,
        device=device,
        dtype=experiment.model.dtype,
        padding_free=experiment.execute.padding_free,
        rows_at_once=rows_at_once,
    )


def _longest(
    rows: Sequence[Row], tokenizer: PreTrainedTokenizerBase, fields: Mapping[str, Any], *, count: int
) -> list[Row]:
    """Return the rows of which training keeps most tokens, the longest first."""
    kept = [(each, cut(*tokens_of(each, tokenizer), fields)) for each in rows]
    lengths = [(len(found[0]), row) for row, found in kept if found is not None]
    return [row for _, row in sorted(lengths, key=lambda each: each[0], reverse=True)[:count]]


def _of_device(device: str) -> tuple[int | None, int | None]:
    """Return the bytes that the last steps took of the device, and those that it has; None where it does not say."""
    if device_kind(device) != "cuda":
        return None, None
    _, room = torch.cuda.mem_get_info(device)
    return torch.cuda.max_memory_reserved(device), room


def _too_small(demand: Demand, experiment: Experiment, why: str, *, taken: int | None = None) -> RecipeError:
    fields = _fields(demand, experiment)
    asks = "" if taken is None else f", and would take {taken / GIB:.1f}"
    how = (
        "with a single row at a time"
        if demand.memory.divisible
        else f"its batch of {demand.memory.rows} rows is read whole, for the router's loss of a mixture is a batch's"
    )
    return RecipeError(
        f"{demand.recipe.id} is too large to be trained here: {why}{asks} ({how}; training.max_length "
        f"{fields.get('max_length', SFTConfig.max_length)}). {_REMEDY}"
    )
