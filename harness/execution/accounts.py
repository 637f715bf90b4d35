"""What a cell's ``result.json`` says about itself, under the keys of PEFT's method_comparison.

Memory in bytes, time in seconds. Peak memory is that of the cell's own process; it was forked from a server that
holds the imported libraries, so about 1 GB of it is theirs.
"""

import hashlib
import platform
import resource
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch

from harness import __version__, adaptation
from harness.adaptation import Adapted
from harness.codec import encode
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
            "recipe": encode(recipe),
            "peft_config": recipe.peft,
            "train_config": job.experiment.training_of(recipe),
            **_stages(job, recipe),
        }
    )
    return {"experiment_name": job.planned.cell.id, "seed": job.planned.cell.seed, **asked}


def _stages(job: Job, recipe: Recipe) -> dict[str, Any]:
    if not recipe.stages:
        return {}
    asked = [
        {"peft_config": stage.recipe.peft, "train_config": job.experiment.training_of(stage.trained)}
        for stage in recipe.stages
    ]
    return {"stages": asked}


def train_info(adapted: Adapted, trained: Trained) -> dict[str, Any]:
    """Return what training did; `tokens` are the data's, `flops` count virtual ones too."""
    read = trained.tokens + trained.examples * adaptation.virtual_tokens(adapted.recipe)
    return {
        "status": "success",
        "num_trainable_params": adapted.trainable,
        "num_total_params": adapted.total,
        "layers": list(adapted.layers),
        "modules": len(adapted.modules),
        "probes": [asdict(each) for each in adapted.probes],
        "train_time": trained.seconds,
        "steps": trained.steps,
        "examples": trained.examples,
        "tokens": trained.tokens,
        "tokens_per_second": trained.tokens / trained.seconds,
        "losses": list(trained.losses),
        "total_flos": trained.flos,
        "flops": adaptation.training_flops(adapted) * read,
        "order": list(trained.order),
        "validation_losses": [list(each) for each in trained.validation_losses],
        "validation_loss": trained.validation_loss,
        "best_step": trained.best_step,
        "footprint": adapted.model.get_memory_footprint(),
    }


def together(stages: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return what trainings one after another did as one record, with each one's own under `stages`.

    Counts, times and losses are those of all; what there is at the end (parameters, footprint) is the last one's.
    """
    if len(stages) == 1:
        return dict(stages[0])
    summed = ("num_trainable_params", "modules", "train_time", "steps", "examples", "tokens", "total_flos", "flops")
    sums = {key: sum(stage[key] for stage in stages) for key in summed}
    return {
        **stages[-1],
        **sums,
        "layers": sorted({layer for stage in stages for layer in stage["layers"]}),
        "probes": [probe for stage in stages for probe in stage["probes"]],
        "losses": [loss for stage in stages for loss in stage["losses"]],
        "order": [examples for stage in stages for examples in stage["order"]],
        "tokens_per_second": sums["tokens"] / sums["train_time"],
        "start_sha256": _of_all([stage["start_sha256"] for stage in stages]),
        "guards": {name: {"passed": _passed(stages, name)} for name in stages[-1]["guards"]},
        "stages": list(stages),
    }


def _of_all(digests: Sequence[str]) -> str:
    return hashlib.sha256("\n".join(digests).encode()).hexdigest()


def _passed(stages: Sequence[Mapping[str, Any]], guard: str) -> bool | None:
    """Say whether a guard passed wherever it applies; None where it applies to no stage."""
    applies = [stage["guards"][guard]["passed"] for stage in stages if stage["guards"][guard]["passed"] is not None]
    return all(applies) if applies else None


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
        "dataset_info": {"sha256": job.data_sha256, **_stage_data(job)},
        "package_info": {"harness": __version__, **job.versions},
        "system_info": {
            "python": platform.python_version(),
            "machine": platform.machine(),
            "system": platform.system(),
            "device": torch.cuda.get_device_name() if job.device == "cuda" else "cpu",
            "threads": torch.get_num_threads(),
        },
    }


def _stage_data(job: Job) -> dict[str, Any]:
    recipe = job.planned.recipe
    if recipe is None or not recipe.stages:
        return {}
    return {"stages": [job.for_stage(stage).data_sha256 for stage in recipe.stages]}


def size_on_disk(folder: Path) -> int:
    """Return the size of the files below a folder in bytes."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
