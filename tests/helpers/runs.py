"""A finished run on disk, made of numbers: nothing is trained."""

from dataclasses import replace

import numpy as np

from harness.ledger import RunFolder
from harness.ledger.artefacts import CARD, artefact, artefacts
from harness.ledger.files import write_json
from harness.ledger.lock import LOCK
from harness.ledger.run import STATE
from harness.records import Cell, Evaluation
from harness.spec import load, lock
from helpers.logs import line, write
from helpers.records import cell_result, training


def scored_run(folder, spec, *, items=9, gap=0.3, skills=None, answer=None, **document):
    """Write the base's cell and one a recipe and seed of a spec, each scored on every suite; return the run.

    `skills` says how often a recipe is right, where that is not .7 less the `gap` of candidates; `document` holds more
    fields of every item's. Suites have generated answers where `answer` gives one of a cell's for an item's number.
    """
    experiment = load(spec)
    controls = [(control.name, None) for control in experiment.controls]
    arms = [*(recipe.id for recipe in experiment.recipes), *(arm.name for arm in experiment.arms)]
    trained = [(name, seed) for seed in experiment.seeds for name in arms]
    recipes = [("base", None), *controls, *trained]
    cells = [Cell(id=f"{recipe}--s{seed}", recipe=recipe, seed=seed) for recipe, seed in recipes]
    write_json(folder / LOCK, {"experiment": lock(experiment), "cells": [cell.id for cell in cells], "tuning": []})
    run, rng = RunFolder(folder), np.random.default_rng(1)
    for cell in cells:
        worse = gap if cell.recipe in experiment.comparison.candidates else 0.0
        skill = (skills or {}).get(cell.recipe, 0.7 - worse)
        evaluations = tuple(
            _scored(run, cell, suite, rng.random(items) > 1 - skill, document, answer) for suite in experiment.suites
        )
        info = None if cell.seed is None else training(layers=(0, 1))
        run.write_outcome(cell_result(cell, train_info=info, evaluations=evaluations))
    return run


def _scored(run, cell, suite, right, document, answer):
    lines = [line(k, float(score), suite.metric, cluster=f"c{k // 2}", **document) for k, score in enumerate(right)]
    if answer is not None:
        asked = [f"Question: {each['doc']['question']}, number {k}?\nAnswer:" for k, each in enumerate(lines)]
        said = [answer(cell, k) for k in range(len(lines))]
        lines = [
            {**each, "arguments": [[prompt, {}]], "resps": [[text]], "filtered_resps": [text]}
            for each, prompt, text in zip(lines, asked, said, strict=True)
        ]
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


def lacks_an_item(run, task):
    """Let one trained cell lack an item of a suite, so that it cannot be compared."""
    cell = next(each for each in run.outcomes if each.cell.seed is not None)
    path = next(run.cell_folder(cell.cell).rglob(f"samples_{task}_*"))
    path.write_text("".join(path.read_text().splitlines(keepends=True)[1:]))
    # As a task that scored fewer items would have left it: the record knows the file as it is.
    name = path.relative_to(run.cell_folder(cell.cell)).as_posix()
    scored = tuple(
        replace(each, files={name: artefact(path)}) if each.task == task else each for each in cell.evaluations
    )
    run.write_outcome(replace(cell, evaluations=scored))


def with_adapters(folder, spec, *, card=None, **fields):
    """Write a scored run whose adapters are kept, each a file of settings and one of weights; return the run.

    A `card` is recorded among the files of each, as earlier versions did.
    """
    run = scored_run(folder, spec, **{"items": 30, **fields})
    for outcome in run.outcomes:
        if outcome.cell.recipe.startswith("lora"):
            state = run.cell_folder(outcome.cell) / STATE
            state.mkdir()
            (state / "adapter_config.json").write_text('{"peft_type": "LORA"}')
            (state / "adapter_model.safetensors").write_bytes(outcome.cell.id.encode())
            files = artefacts(state.parent, [state])
            if card is not None:
                (state / CARD).write_text(card)
                files[f"{STATE}/{CARD}"] = artefact(state / CARD)
            run.write_outcome(replace(outcome, files=files))
    return run
