"""Fetch the model, build the data and every suite, and check all of it, before the first cell."""

from collections.abc import Callable
from importlib.metadata import version

import torch
from lm_eval.api.task import Task
from transformers import PreTrainedTokenizerBase

from harness.plan.identity import data_key
from harness.preflight.contamination import all_training_passages, check_contamination
from harness.preflight.estimate import model_config
from harness.preflight.incompatibilities import check_recipes
from harness.preflight.prepared import Prepared
from harness.sources import models
from harness.spec.records import Experiment
from harness.suites.load import load_task
from harness.training.rows import check_disjoint, rows_sha256, training_rows, validation_rows

PACKAGES = ("torch", "transformers", "trl", "peft", "lm_eval", "bitsandbytes", "datasets", "tokenizers", "numpy")


def prepare(experiment: Experiment, *, device: str = "cpu", on_stage: Callable[[str], None]) -> Prepared:
    """Return what the model, the data and the suites are; `on_stage` is called with the name of what comes next.

    Stages are ``model``, ``data``, each suite's task, and ``contamination``. Raises `RecipeError` for recipes that
    cannot work on the model or the device, `SourceError` for what cannot be had, and `TaskError` for wrong tasks or
    rows and for training rows that give a scored item away.
    """
    check_recipes(experiment, experiment.model.config, device)
    on_stage("model")
    tokenizer = models.tokenizer(experiment.model)
    if experiment.model.config is None:  # the model is here now, and its own configuration can be read
        check_recipes(experiment, model_config(experiment), device)
    on_stage("data")
    rows = training_rows(experiment, tokenizer)
    if experiment.tune or experiment.early_stopping:
        check_disjoint(rows, validation_rows(experiment, tokenizer))
    suites = _suites(experiment, on_stage)
    on_stage("contamination")
    return Prepared(
        screening=check_contamination(all_training_passages(experiment), suites),
        model_fingerprint=models.fingerprint(experiment.model),
        data_sha256=rows_sha256(rows),
        rows=len(rows),
        device=device,
        threads=torch.get_num_threads(),
        versions={package: version(package) for package in PACKAGES},
        stage_sha256=_stage_hashes(experiment, tokenizer),
    )


def _suites(experiment: Experiment, on_stage: Callable[[str], None]) -> list[Task]:
    tasks = []
    for suite in experiment.suites:
        on_stage(suite.task)
        tasks.append(load_task(suite.task, beside=experiment.file.parent, include=experiment.include))
    return tasks


def _stage_hashes(experiment: Experiment, tokenizer: PreTrainedTokenizerBase) -> dict[str, str]:
    """Return the hash of the rows of each stage that has data of its own, by the key of its declaration."""
    stages = {data_key(part.data): part for recipe in experiment.recipes for part in recipe.stages if part.data}
    seen = {key: experiment.for_stage(stage) for key, stage in stages.items()}
    trained = {key: training_rows(each, tokenizer) for key, each in seen.items()}
    if experiment.early_stopping:
        for key, each in seen.items():
            check_disjoint(trained[key], validation_rows(each, tokenizer))
    return {key: rows_sha256(rows) for key, rows in trained.items()}
