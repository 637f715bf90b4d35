"""What a cell's ``result.json`` says about itself, under the keys of PEFT's method_comparison.

Memory in bytes, time in seconds. Peak memory is that of the cell's own process; where that was forked from one that
holds the imported libraries, about 1 GB of it is theirs.
"""

import hashlib
import platform
import resource
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import torch

from harness import __version__
from harness.codec import encode
from harness.execution.base import served_dtype
from harness.execution.start import started_from
from harness.execution.unit import CellWork
from harness.methods._base import Adapted
from harness.methods.dispatch import training_flops
from harness.methods.dry_run import matched_size
from harness.methods.traits import traits
from harness.model.counting import held_bytes
from harness.model.devices import device_name
from harness.records import (
    Costs,
    DatasetInfo,
    Measurement,
    MetaInfo,
    ModelInfo,
    RunInfo,
    StageInfo,
    SystemInfo,
    TrainRecord,
)
from harness.spec.records import DiagnosticRequest, Recipe
from harness.trained import Precision, RowCounts
from harness.training import Trained


def run_info(work: CellWork) -> RunInfo:
    """Return what was asked for: recipe, training fields, seed."""
    cell, recipe = work.planned.cell, work.planned.recipe
    if recipe is None:
        return RunInfo(experiment_name=cell.id, seed=cell.seed)
    return RunInfo(
        experiment_name=cell.id,
        seed=cell.seed,
        recipe=encode(recipe),
        peft_config=recipe.peft,
        train_config=work.experiment.training_of(recipe),
        stages=tuple(
            StageInfo(peft_config=stage.recipe.peft, train_config=work.experiment.training_of(stage.trained))
            for stage in recipe.stages
        ),
        start=started_from(work),
    )


def train_record(
    adapted: Adapted,
    trained: Trained,
    start_sha256: str,
    measurements: Mapping[str, Measurement],
    precision: Precision,
    *,
    diagnostics: Sequence[DiagnosticRequest],
) -> TrainRecord:
    """Return what one training did, measured by the `diagnostics` asked for; the model is still as it trained."""
    read = trained.tokens + trained.examples * traits(adapted.recipe).added_tokens
    return TrainRecord(
        num_trainable_params=adapted.trainable,
        num_total_params=adapted.total,
        layers=adapted.layers,
        modules=len(adapted.modules),
        probes=adapted.probes,
        notes=adapted.notes,
        train_time=trained.seconds,
        steps=trained.steps,
        examples=trained.examples,
        tokens=trained.tokens,
        losses=trained.losses,
        total_flos=trained.flos,
        flops=training_flops(adapted) * read,
        order=trained.order,
        engine=trained.engine,
        validation_losses=trained.validation_losses,
        validation_loss=trained.validation_loss,
        best_step=trained.best_step,
        footprint=held_bytes(adapted.model),
        start_sha256=start_sha256,
        precision=precision,
        rows=trained.rows,
        held_out=trained.held_out,
        prefix=trained.prefix,
        diagnostics={each.name: each.options for each in diagnostics},
        measurements=measurements,
    )


def together(stages: Sequence[TrainRecord]) -> TrainRecord:
    """Return what trainings one after another did as one record, with each one's own under `stages`.

    Counts, times and losses are those of all; what there is at the end (parameters, footprint, what was measured) is
    the last one's, and a measurement passed where it did in every stage that it applies to.
    """
    if len(stages) == 1:
        return stages[0]
    return replace(
        stages[-1],
        num_trainable_params=sum(stage.num_trainable_params for stage in stages),
        modules=sum(stage.modules for stage in stages),
        train_time=sum(stage.train_time for stage in stages),
        steps=sum(stage.steps for stage in stages),
        examples=sum(stage.examples for stage in stages),
        tokens=sum(stage.tokens for stage in stages),
        total_flos=sum(stage.total_flos for stage in stages),
        flops=sum(stage.flops for stage in stages),
        layers=tuple(sorted({layer for stage in stages for layer in stage.layers})),
        probes=tuple(probe for stage in stages for probe in stage.probes),
        notes=tuple(dict.fromkeys(note for stage in stages for note in stage.notes)),
        losses=tuple(loss for stage in stages for loss in stage.losses),
        order=tuple(examples for stage in stages for examples in stage.order),
        rows=_rows_of(stages),
        start_sha256=_digest_of([stage.start_sha256 for stage in stages]),
        measurements={
            name: replace(last, passed=_passed(stages, name)) for name, last in stages[-1].measurements.items()
        },
        stages=tuple(stages),
    )


def _rows_of(stages: Sequence[TrainRecord]) -> RowCounts | None:
    counted = [stage.rows for stage in stages if stage.rows is not None]
    return RowCounts.of_all(counted) if counted else None


def _digest_of(digests: Sequence[str]) -> str:
    return hashlib.sha256("\n".join(digests).encode()).hexdigest()


def _passed(stages: Sequence[TrainRecord], name: str) -> bool | None:
    """Return whether a measurement passed wherever it applies; None where it applies to no stage."""
    applies = [passed for stage in stages if (passed := stage.measurements[name].passed) is not None]
    return all(applies) if applies else None


def matched_to(record: TrainRecord | None, recipe: Recipe | None, config: Mapping[str, object]) -> TrainRecord | None:
    """Return the record with what the recipe's `match` came to on the model of `config`."""
    if record is None or recipe is None:
        return record
    return replace(record, matched=matched_size(recipe, config))


def costs(device: str, seconds: Mapping[str, float], earlier: Costs | None = None) -> Costs:
    """Return the time of each stage and the peak memory: of this process, or of an `earlier` start that took more."""
    unit = 1024 if platform.system() == "Linux" else 1  # getrusage counts kilobytes on Linux, bytes on macOS
    resident = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit
    cuda = device == "cuda"
    return Costs(
        seconds=dict(seconds),
        rss_max=_larger(resident, earlier.rss_max if earlier else None),
        accelerator_memory_allocated_max=_larger(
            torch.cuda.max_memory_allocated() if cuda else None,
            earlier.accelerator_memory_allocated_max if earlier else None,
        ),
        accelerator_memory_max=_larger(
            torch.cuda.max_memory_reserved() if cuda else None, earlier.accelerator_memory_max if earlier else None
        ),
        file_size=earlier.file_size if earlier else None,
    )


def _larger(one: int | None, other: int | None) -> int | None:
    known = [each for each in (one, other) if each is not None]
    return max(known) if known else None


def meta_info(work: CellWork) -> MetaInfo:
    """Return what the cell was made from and on."""
    recipe = work.planned.recipe
    return MetaInfo(
        model_info=ModelInfo(sha256=work.content.model, dtype=served_dtype(work.experiment.model, work.device)),
        dataset_info=DatasetInfo(
            sha256=work.rows_sha256,
            stages=tuple(work.for_stage(stage).rows_sha256 for stage in (recipe.stages if recipe else ())),
        ),
        package_info={"harness": __version__, **work.versions},
        system_info=SystemInfo(
            python=platform.python_version(),
            machine=platform.machine(),
            system=platform.system(),
            device=device_name(work.device),
            threads=torch.get_num_threads(),
            workers=work.workers,
            rows_at_once=work.rows_at_once,
        ),
    )


def size_on_disk(folder: Path) -> int:
    """Return the size of the files below a folder in bytes."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
