"""Fetch the model, build the data and every suite, and check all of it, before the first cell."""

from collections.abc import Callable
from importlib.metadata import version

import torch
from lm_eval.api.task import Task

from harness.diagnostics import check_diagnostics
from harness.preflight.comparable import check_comparable
from harness.preflight.contamination import all_training_passages, check_contamination
from harness.preflight.content import content_of, rows_of
from harness.preflight.estimate import accelerators, cells_that_fit
from harness.preflight.existing import check_existing
from harness.preflight.incompatibilities import check_device, check_launch, check_recipes
from harness.preflight.prepared import Prepared
from harness.preflight.starts import check_starts
from harness.preflight.token_counts import count_training
from harness.preflight.trainings import model_config
from harness.preflight.unknown import Unknown
from harness.sources import models
from harness.spec.records import Experiment
from harness.suites.load import built_once, load_task
from harness.suites.scored import scorable

PACKAGES = ("torch", "transformers", "trl", "peft", "lm_eval", "bitsandbytes", "datasets", "tokenizers", "numpy")


@built_once()
def prepare(experiment: Experiment, *, device: str = "cpu", on_stage: Callable[[str], None]) -> Prepared:
    """Return what the model, the data and the suites are; `on_stage` is called with the name of what comes next.

    Stages are each recipe, ``model``, each arm from elsewhere, ``data``, each suite's task, and ``contamination``.
    Raises `UsageError` for a device that is not there, `RecipeError` for recipes that cannot work on the model or the
    device and for arms that are not of the model, `SourceError` for what cannot be had, `PluginError` for a plug-in
    that does not keep its contract, and `TaskError` for wrong tasks or rows and for training rows that give a scored
    item away.
    """
    check_device(device)
    check_launch(experiment.execute, device, accelerators(device))
    check_diagnostics(experiment, experiment.model.config)  # what cannot be had is found now, not after a training
    check_recipes(experiment, experiment.model.config, device, on_stage)
    on_stage("model")
    models.check(experiment.model)
    tokenizer = models.tokenizer(experiment.model)
    if experiment.model.config is None:  # the model is here now, and its own configuration can be read
        check_recipes(experiment, model_config(experiment), device, on_stage)
        check_diagnostics(experiment, model_config(experiment))
    if experiment.arms:
        check_existing(experiment, tokenizer, on_stage)
        check_starts(experiment, model_config(experiment))
    on_stage("data")
    read = rows_of(experiment, tokenizer)
    suites = _suites(experiment, on_stage)
    content = content_of(experiment, tokenizer, read, suites)
    check_comparable(experiment, suites)
    on_stage("contamination")
    return Prepared(
        screening=check_contamination(all_training_passages(experiment), list(suites.values())),
        content=content,
        rows=len(read.rows),
        items={suite.task: len(scorable(suites[suite.task], suite)) for suite in experiment.suites},
        device=device,
        threads=torch.get_num_threads(),
        devices=accelerators(device) or 1,
        fitting=cells_that_fit(
            experiment, device, lambda: count_training(experiment, tokenizer, Unknown(), read=read.trained_on)
        ),
        versions={package: version(package) for package in PACKAGES},
    )


def _suites(experiment: Experiment, on_stage: Callable[[str], None]) -> dict[str, Task]:
    tasks = {}
    for suite in experiment.suites:
        on_stage(suite.task)
        tasks[suite.task] = load_task(suite.task, beside=experiment.file.parent, include=experiment.include)
    return tasks
