"""The contamination check before anything is trained: every row that trains against every item that is scored."""

import sys
import textwrap
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial

from lm_eval.api.task import Task

from harness.contamination import Hit, Passage, hits
from harness.errors import TaskError
from harness.plan.identity import ranking_data, stages_with_rows
from harness.preflight.unknown import Unknown
from harness.records import Screening
from harness.sources.data import read_passages
from harness.spec.records import Data, Experiment
from harness.suites.documents import is_recall, scored_passages
from harness.suites.load import load_task
from harness.training.rows import data_context, stage_rows
from harness.transforms import ORIGIN

_SHOWN = 5
_WIDTH = 160


def all_training_passages(experiment: Experiment) -> list[Passage]:
    """Return every row that a model may be trained on, all of a mix's members whatever their share.

    Rows that recipes change come behind those that they were made of.
    """
    found = [row for label, declared in _sources(experiment) for row in _labelled(label, declared, experiment)]
    return [*found, *_changed(experiment)]


def _changed(experiment: Experiment) -> Iterator[Passage]:
    """Yield the rows that a recipe changes, as they train: all of their text may state what an item asks."""
    for recipe, stage in stages_with_rows(experiment).values():
        for number, row in enumerate(stage_rows(experiment, stage, None), start=1):
            if ORIGIN in row:
                whole = f"{row['prompt']} {row['completion']}"
                yield Passage(f"{number} of {recipe.id} ({row[ORIGIN]})", whole, whole)


def check_contamination(training: Sequence[Passage], suites: Sequence[Task]) -> Screening:
    """Compare rows and items and say what was compared.

    Raises `TaskError` where a row gives an item away, with the first pairs; all of them are printed, which a worker
    process does into the log. A suite that is declared as ``recall`` is passed over.
    """
    items = {str(suite.task_name): list(scored_passages(suite)) for suite in suites if not is_recall(suite)}
    found = list(hits(training, [item for each in items.values() for item in each]))
    if found:
        sys.stdout.write("".join(f"{hit}\n" for hit in found))
        raise TaskError(_message(found, items))
    return Screening(
        rows=len({row.id for row in training}),
        items={name: len(each) for name, each in items.items()},
        exempt=tuple(str(suite.task_name) for suite in suites if is_recall(suite)),
    )


def check_contamination_at_hand(experiment: Experiment, unknown: Unknown) -> tuple[Screening | None, tuple[str, ...]]:
    """Compare what can be had without downloading; the second value names the suites that cannot.

    Without the training rows there is nothing to compare: None, and every suite. Raises `TaskError` as
    `check_contamination` does, and for rows or a suite that are at hand and wrong.
    """
    where, names = experiment.file.parent, [suite.task for suite in experiment.suites]
    training = unknown.attempt(lambda: all_training_passages(experiment))
    if training is None:
        return None, tuple(names)
    found = {
        name: unknown.attempt(partial(load_task, name, beside=where, include=experiment.include)) for name in names
    }
    at_hand = [suite for suite in found.values() if suite is not None]
    return check_contamination(training, at_hand), tuple(name for name, suite in found.items() if suite is None)


def _sources(experiment: Experiment) -> list[tuple[str, Data]]:
    """Return every source of rows with its place in the spec; whatever else comes to train is named here.

    Rows that decide about training count: a model chosen by what it is scored on is as good as trained on it.
    """
    trained = [("data", experiment.data), *_staged(experiment)]
    return [*trained, *_mixed(experiment), *_ranking(experiment), *_deciding(experiment, trained)]


def _staged(experiment: Experiment) -> Iterator[tuple[str, Data]]:
    for recipe in experiment.recipes:
        for place, stage in enumerate(recipe.stages):
            if stage.data is not None:
                yield f"stages[{place}] of {recipe.id}", stage.data


def _mixed(experiment: Experiment) -> Iterator[tuple[str, Data]]:
    """Yield each source that is mixed in, by the experiment or a recipe, once."""
    mixes = [("mix", experiment.mix)]
    mixes += [(f"mix of {part.recipe.id}", part.recipe.mix or ()) for each in experiment.recipes for part in each.parts]
    seen: list[Data] = []
    for label, mix in mixes:
        for place, member in enumerate(mix):
            bare = replace(member, share=None)
            if bare not in seen:
                seen.append(bare)
                yield label.replace("mix", f"mix[{place}]", 1), member


def _ranking(experiment: Experiment) -> Iterator[tuple[str, Data]]:
    """Yield each source by whose rows layers are ranked: a choice by what is scored is as good as trained on it."""
    for recipe, data in ranking_data(experiment).values():
        yield f"layers.data of {recipe.id}", data


def _deciding(experiment: Experiment, trained: Sequence[tuple[str, Data]]) -> Iterator[tuple[str, Data]]:
    if not (experiment.decides_by or experiment.validates) or experiment.validation.share is not None:
        return
    if experiment.validation.data is not None:
        yield "validation", experiment.validation.data
        return
    for label, declared in trained:
        if label == "data" or experiment.validates:
            yield f"validation of {label}", replace(declared, split="validation")


def _labelled(label: str, declared: Data, experiment: Experiment) -> list[Passage]:
    name = declared.task or declared.path or declared.id or declared.source
    found = read_passages(declared, data_context(experiment))
    return [replace(row, id=f"{row.id} of {label} ({name})") for row in found]


def _message(found: Sequence[Hit], items: dict[str, list[Passage]]) -> str:
    given = Counter(suite for suite, _ in {(hit.suite, hit.item) for hit in found})
    counts = ", ".join(f"{suite} {count} of {len(items[suite])} items" for suite, count in given.items())
    shown = "\n".join(f"  {textwrap.shorten(str(hit), _WIDTH)}" for hit in found[:_SHOWN])
    return (
        f"{len({hit.row for hit in found})} training rows give away what is scored: {counts}. Nothing was trained.\n"
        f"{shown}\n"
        f"These are the first {min(_SHOWN, len(found))} of {len(found)} pairs; log.txt of the run folder (a plan's: "
        "plan.log in the cache) holds all. Take the rows out of the training data, or leave the suite out. "
        "A suite that is meant to ask for trained facts says `role: recall` in its task's metadata."
    )
