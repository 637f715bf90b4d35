"""What a cell's ``result.json`` says about itself, under the keys of PEFT's method_comparison.

Memory in bytes, time in seconds. Peak memory is that of the cell's own process; it was forked from a server that
holds the imported libraries, so about 1 GB of it is theirs.
"""

import platform
import resource
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch

from harness import __version__, adaptation
from harness.adaptation import Adapted
from harness.execution.job import Job
from harness.spec.records import Recipe
from harness.training import Trained


def run_info(job: Job) -> dict[str, Any]:
    """Return what was asked for: recipe, training fields, seed, data."""
    recipe = job.planned.recipe
    asked: dict[str, Any] = (
        {}
        if recipe is None
        else {
            "recipe": asdict(recipe),
            "peft_config": recipe.peft,
            "train_config": job.experiment.training_of(recipe),
        }
    )
    return {"experiment_name": job.planned.cell.id, "seed": job.planned.cell.seed, **asked}


def train_info(adapted: Adapted, trained: Trained) -> dict[str, Any]:
    """Return what training did."""
    return {
        "status": "success",
        "num_trainable_params": adapted.trainable,
        "num_total_params": adapted.total,
        "layers": list(adapted.layers),
        "modules": len(adapted.modules),
        "probes": [asdict(each) for each in adapted.probes],
        "train_time": trained.seconds,
        "steps": trained.steps,
        "tokens": trained.tokens,
        "tokens_per_second": trained.tokens / trained.seconds,
        "losses": list(trained.losses),
        "total_flos": trained.flos,
        "flops": adaptation.training_flops(adapted) * trained.tokens,
        "order": list(trained.order),
        "validation_losses": [list(each) for each in trained.validation_losses],
        "validation_loss": trained.validation_loss,
        "best_step": trained.best_step,
        "footprint": adapted.model.get_memory_footprint(),
    }


def settled(recipe: Recipe | None, config: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a recipe's `match` came to on the model of `config`; nothing for a recipe without one."""
    found = None if recipe is None else adaptation.settled(recipe, config)
    return {} if found is None else {"settled": asdict(found)}


def costs(device: str, seconds: Mapping[str, float], earlier: Mapping[str, Any]) -> dict[str, Any]:
    """Return the time of each stage and the peak memory: of this process, or of an `earlier` start that took more."""
    unit = 1024 if platform.system() == "Linux" else 1  # getrusage counts kilobytes on Linux, bytes on macOS
    peak: dict[str, Any] = {"rss_max": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit}
    if device == "cuda":
        peak["accelerator_memory_allocated_max"] = torch.cuda.max_memory_allocated()
        peak["accelerator_memory_max"] = torch.cuda.max_memory_reserved()
    return {"seconds": dict(seconds), **{name: max(size, earlier.get(name, 0)) for name, size in peak.items()}}


def meta_info(job: Job) -> dict[str, Any]:
    """Return what the cell was made from and on."""
    return {
        "model_info": {"sha256": job.model_fingerprint, "dtype": job.experiment.model.dtype},
        "dataset_info": {"sha256": job.data_sha256},
        "package_info": {"harness": __version__, **job.versions},
        "system_info": {
            "python": platform.python_version(),
            "machine": platform.machine(),
            "system": platform.system(),
            "device": torch.cuda.get_device_name() if job.device == "cuda" else "cpu",
            "threads": torch.get_num_threads(),
        },
    }


def size_on_disk(folder: Path) -> int:
    """Return the size of the files below a folder in bytes."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
