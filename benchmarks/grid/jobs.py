"""The cells of an experiment as jobs for a plain script: the same rows, layers, ranks, items and examples."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from harness.methods.dry_run import matched
from harness.methods.layers._base import Request
from harness.methods.layers.choose import layer_count, select
from harness.methods.layers.gradient import BATCHES
from harness.sources import models
from harness.sources.data import COLUMNS, Row
from harness.spec.records import Experiment, Recipe, Suite
from harness.suites.examples import shots_for_now
from harness.suites.load import load_task
from harness.suites.scored import scored_places
from harness.training.rows import training_rows

TASKS = Path(__file__).parents[2] / "tasks"
METRICS = ("acc", "answer_bits_per_byte", "answer_margin")
LINEAR = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"]
"""The modules that PEFT's ``all-linear`` names in a Llama."""

BASE = "base"

Job = dict[str, Any]


@dataclass(frozen=True)
class Plan:
    """What both sides do: by (recipe, seed) the job of each cell, the untuned model's first."""

    experiment: Experiment
    rows: list[Row]
    jobs: dict[tuple[str, int | None], Job]


def planned(experiment: Experiment, folder: Path, *, thrifty: bool) -> Plan:
    """Fetch model and suites, write the rows, and return the jobs.

    A `thrifty` script does not compute activations again, as TRL's defaults do.
    """
    tokenizer = models.tokenizer(experiment.model)
    rows = training_rows(experiment, tokenizer)
    lines = [json.dumps({column: row[column] for column in COLUMNS}) for row in rows]
    (folder / "rows.jsonl").write_text("\n".join(lines), encoding="utf-8")
    common = {
        "model": str(models.folder(experiment.model)),
        "rows": str(folder / "rows.jsonl"),
        "metrics": METRICS,
        "include": str(TASKS),
        "batch_size": experiment.evaluation.batch_size,
        "trains": False,
        "tasks": _tasks(experiment.suites, experiment),
    }
    jobs: dict[tuple[str, int | None], Job] = {(BASE, None): common}
    for control in experiment.controls:
        jobs[control.name, None] = {**common, "tasks": _tasks(control.suites(experiment.suites), experiment)}
    for seed in experiment.seeds:
        for recipe in experiment.recipes:
            fields = {**experiment.training_of(recipe), "seed": seed, "data_seed": seed}
            if thrifty:
                fields["gradient_checkpointing"] = False
            adapter = _adapter(experiment, recipe, seed, rows=len(rows))
            jobs[recipe.id, seed] = {**common, "trains": True, "training": fields, **adapter}
    return Plan(experiment, list(rows), jobs)


def _tasks(suites: tuple[Suite, ...], experiment: Experiment) -> dict[str, Any]:
    return dict(_asked(suites, experiment))


def _asked(suites: tuple[Suite, ...], experiment: Experiment) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield how many examples stand before each item of a suite, and which items are scored (null: all)."""
    for suite in suites:
        with shots_for_now(load_task(suite.task), suite) as task:
            yield (
                suite.task,
                {
                    "shots": task.config.num_fewshot,
                    "items": scored_places(task, suite, experiment.evaluation),
                },
            )


def _adapter(experiment: Experiment, recipe: Recipe, seed: int, *, rows: int) -> dict[str, Any]:
    """Return LoraConfig's fields, and the probe of a recipe that chooses layers by their gradient."""
    if recipe.peft is None:
        return {"lora": None, "probe": None}
    config = experiment.model.config or {}
    fields = {name: value for name, value in (matched(recipe, config).peft or {}).items() if name != "peft_type"}
    if fields["target_modules"] == "all-linear":
        fields["target_modules"] = LINEAR
    total = int(config["num_hidden_layers"])
    if recipe.layers.strategy == "all":
        return {"lora": fields, "probe": None}
    count = layer_count(recipe.layers, total)
    if recipe.layers.strategy == "gradient":
        size = int(experiment.training["per_device_train_batch_size"])
        order = torch.randperm(rows, generator=torch.Generator().manual_seed(seed)).tolist()
        number = recipe.probe_batches or BATCHES
        batches = [order[size * place : size * (place + 1)] for place in range(number)]
        return {"lora": fields, "probe": {"layers": count, "batches": batches}}
    choice = select(Request(layers=recipe.layers, total=total, count=count, seed=seed))
    return {"lora": {**fields, "layers_to_transform": list(choice.indices)}, "probe": None}
