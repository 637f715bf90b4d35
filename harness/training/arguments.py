"""The SFTConfig of a cell: the spec's fields, the recipe's over them, and what the harness itself decides."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from trl import SFTConfig

from harness._compat.trl import on_one_device
from harness.model.devices import device_kind
from harness.model.precision import Dtype, has_bfloat16, usable_dtype
from harness.spec.records import EarlyStopping
from harness.training.reporting import Reporting
from harness.training.shared import shared_fields


def sft_config(
    fields: Mapping[str, Any],
    *,
    seed: int,
    folder: Path,
    device: str = "cpu",
    dtype: Dtype = "float32",
    early_stopping: EarlyStopping | None = None,
    every: int | None = None,
    reporting: Reporting | None = None,
    processes: int = 1,
) -> SFTConfig:
    """Return the SFTConfig for `fields` (SFTConfig's own names) on a device: ``cpu``, ``cuda``, ``cuda:1`` or ``mps``.

    A model of a 16-bit `dtype` computes in it (autocast), with loss scaling in float16, unless the fields say
    otherwise. bfloat16 that the device has not becomes float16. Without early stopping the loss on validation rows is
    taken `every` so many steps. Only `reporting` sends anything anywhere. Of several `processes`, each is to be given
    whole batches, and to compute its rows of them.

    TRL's defaults are for GPUs and dashboards; those below are for runs that must be comparable anywhere. The
    spec may override the first group, never the second: order of data follows `seed` alone, so that recipes with
    the same seed see the same examples in the same order. Raises what SFTConfig raises (`ValueError`, `TypeError`), and
    `RecipeError` where several processes cannot share a step.
    """
    defaults = {
        "gradient_checkpointing": False,
        "activation_offloading": False,
        "average_tokens_across_devices": False,
        "max_grad_norm": 1.0,
        "use_liger_kernel": False,
        "use_cpu": device_kind(device) == "cpu",
        "dataloader_pin_memory": device_kind(device) == "cuda",
    }
    decided = {
        "output_dir": str(folder),
        "seed": seed,
        "data_seed": seed,
        "report_to": "none",
        "save_strategy": "no",
        "disable_tqdm": True,
        "per_device_eval_batch_size": fields.get("per_device_train_batch_size", 8),
        "logging_steps": 1,  # a step that is not logged is neither watched nor counted
        "logging_nan_inf_filter": False,  # on, a NaN loss is logged as 0.0
        "packing": False,
        "completion_only_loss": True,
        "remove_unused_columns": True,
    }
    half = _half_precision(fields, dtype, device)
    told = {} if reporting is None else reporting.arguments()
    given = fields if processes == 1 else {**fields, **shared_fields(fields, processes), **_ALIKE}
    whole = {**defaults, **given, **half, **decided, **told, **_evaluating(early_stopping, every)}
    return on_one_device(SFTConfig(**whole))


_ALIKE = {"ddp_broadcast_buffers": False, "ddp_find_unused_parameters": True}
"""No buffer changes in training. A weight that a batch does not reach (a router's, an unused token's) has no gradient
in one process and may have one in another: DDP has to look for these."""


def _half_precision(fields: Mapping[str, Any], dtype: Dtype, device: str) -> dict[str, bool]:
    """Return `bf16` and `fp16`, both of them: TRL turns bf16 on where a CPU pretends to have it, five times slower."""
    asked = [name for name in ("bf16", "fp16") if name in fields]
    own = usable_dtype(dtype, device)
    bf16 = bool(fields["bf16"]) if "bf16" in asked else own == "bfloat16" and not fields.get("fp16")
    fp16 = bool(fields["fp16"]) if "fp16" in asked else own == "float16" and not fields.get("bf16")
    if bf16 and not has_bfloat16(device):
        bf16, fp16 = False, True
    return {"bf16": bf16, "fp16": fp16}


def _evaluating(early_stopping: EarlyStopping | None, every: int | None) -> dict[str, Any]:
    """Return when the loss on the validation rows is taken, and how it decides where it does."""
    if early_stopping is None:
        return {} if every is None else {"eval_strategy": "steps", "eval_steps": every}
    return {
        "eval_strategy": "steps",
        "eval_steps": early_stopping.eval_steps,
        "metric_for_best_model": "eval_loss",
        "greater_is_better": False,
    }
