"""The SFTConfig of a cell: the spec's fields, the recipe's over them, and what the harness itself decides."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from trl import SFTConfig

from harness.model.devices import device_kind
from harness.spec.records import EarlyStopping


def sft_config(
    fields: Mapping[str, Any],
    *,
    seed: int,
    folder: Path,
    device: str = "cpu",
    early_stopping: EarlyStopping | None = None,
) -> SFTConfig:
    """Return the SFTConfig for `fields` (SFTConfig's own names) on a device: ``cpu``, ``cuda``, ``cuda:1`` or ``mps``.

    TRL's defaults are for GPUs and dashboards; those below are for runs that must be comparable anywhere. The
    spec may override the first group, never the second: order of data follows `seed` alone, so that recipes with
    the same seed see the same examples in the same order. Raises what SFTConfig raises (`ValueError`, `TypeError`).
    """
    defaults = {
        "bf16": False,  # TRL turns it on where the CPU pretends to have it, five times slower
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
    return SFTConfig(**{**defaults, **fields, **decided, **_stopping(early_stopping)})


def _stopping(early_stopping: EarlyStopping | None) -> dict[str, Any]:
    if early_stopping is None:
        return {}
    return {
        "eval_strategy": "steps",
        "eval_steps": early_stopping.eval_steps,
        "metric_for_best_model": "eval_loss",
        "greater_is_better": False,
    }
