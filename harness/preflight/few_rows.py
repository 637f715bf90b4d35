"""Recipes that train on fewer rows than tasks of the kind are said to need."""

from collections.abc import Iterator

from harness.declarations.kinds import KINDS, shortage
from harness.declarations.tasks import find_task
from harness.methods.traits import traits
from harness.preflight.token_counts import TokenCounts
from harness.spec.records import Experiment, Stage


def few_rows(experiment: Experiment, counted: TokenCounts) -> tuple[str, ...]:
    """Return a line for each shortage: the recipes that train on so few rows of a task that says what kind it is.

    Whole models are left out, of which the source says nothing, and rows that could not be counted.
    """
    said: dict[str, list[str]] = {}
    for recipe in experiment.recipes:
        for stage in recipe.parts:
            for told in _shortages(experiment, stage, counted):
                said.setdefault(told, []).append(recipe.id)
    return tuple(f"{', '.join(dict.fromkeys(names))}: {told}" for told, names in said.items())


def _shortages(experiment: Experiment, stage: Stage, counted: TokenCounts) -> Iterator[str]:
    seen, rows, known = experiment.for_stage(stage), counted.of(stage).count, traits(stage.recipe)
    if seen.data.task is None or rows is None or known.trains_base_weights:
        return
    task = find_task(seen.data.task, beside=experiment.file.parent, include=experiment.include)
    kind = None if task is None else KINDS.get(str(task.metadata.get("kind")))
    if kind is not None and (told := shortage(kind, rows, prompts=known.added_tokens > 0)) is not None:
        yield f"{seen.data.task} {told}"
