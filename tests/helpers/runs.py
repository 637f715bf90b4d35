"""A finished run on disk, made of numbers: nothing is trained."""

import numpy as np

from harness.ledger import RunFolder
from harness.ledger.artefacts import artefact
from harness.ledger.files import write_json
from harness.ledger.lock import LOCK
from harness.records import Cell, Evaluation
from harness.spec import load, lock
from helpers.logs import line, write
from helpers.records import cell_result, training


def scored_run(folder, spec, *, items=9, gap=0.3, skills=None, **document):
    """Write the base's cell and one a recipe and seed of a spec, each scored on every suite; return the run.

    `skills` says how often a recipe is right, where that is not .7 less the `gap` of candidates; `document` holds more
    fields of every item's.
    """
    experiment = load(spec)
    controls = [(control.name, None) for control in experiment.controls]
    trained = [(recipe.id, seed) for seed in experiment.seeds for recipe in experiment.recipes]
    recipes = [("base", None), *controls, *trained]
    cells = [Cell(id=f"{recipe}--s{seed}", recipe=recipe, seed=seed) for recipe, seed in recipes]
    write_json(folder / LOCK, {"experiment": lock(experiment), "cells": [cell.id for cell in cells], "tuning": []})
    run, rng = RunFolder(folder), np.random.default_rng(1)
    for cell in cells:
        worse = gap if cell.recipe in experiment.comparison.candidates else 0.0
        skill = (skills or {}).get(cell.recipe, 0.7 - worse)
        evaluations = tuple(
            _scored(run, cell, suite, rng.random(items) > 1 - skill, document) for suite in experiment.suites
        )
        info = None if cell.seed is None else training(layers=(0, 1))
        run.write_outcome(cell_result(cell, train_info=info, evaluations=evaluations))
    return run


def _scored(run, cell, suite, right, document):
    lines = [line(k, float(score), suite.metric, cluster=f"c{k // 2}", **document) for k, score in enumerate(right)]
    folder = run.cell_folder(cell)
    samples = write(folder / "eval", suite.task, lines, model=suite.task)
    return Evaluation(
        task=suite.task,
        items=len(lines),
        metrics={f"{suite.metric},none": float(np.mean(right))},
        results="",
        samples=str(samples.relative_to(folder)),
        scorer="x",
        seconds=1.0,
        files={samples.relative_to(folder).as_posix(): artefact(samples)},
    )
