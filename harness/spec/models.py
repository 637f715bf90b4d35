"""The `models` of a spec: which there are, the spec of each alone, and what is wrong with them beside each other.

A model's entry is laid over what the experiment says, so that the spec of one model is that of an experiment that has
no other: its cells, its ledger and its verdict are those of a run with one model.
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from harness.errors import Problem
from harness.spec.document import Located, merged
from harness.spec.document import Path as At
from harness.spec.records import Experiment, Recipe

_LAID_OVER = ("model", "training", "arms", "evaluation", "execute")
"""What of an entry is laid over the experiment's as it is; `quantization` is the recipes'."""
_PATH = re.compile(rf"\$\.({'|'.join(_LAID_OVER)})\b(?:\.([^.\[]+))?")


def names_of(document: Located) -> tuple[str, ...]:
    """Return the names of a spec's models in order, none where it is of one; an entry without a model is none."""
    models = document.value.get("models")
    found = models if isinstance(models, dict) else {}
    return tuple(name for name, entry in found.items() if isinstance(entry, dict) and "model" in entry)


def of_model(document: Located, model: str) -> Located:
    """Return the spec of one of the models alone: its entry laid over what holds for all."""
    entry = document.value["models"][model]
    own = {key: entry[key] for key in _LAID_OVER if key in entry}
    depth: At = ("models", model)
    places = {
        path[2:]: place for path, place in document.places.items() if path[:2] == depth and len(path) > len(depth)
    }
    child = Located(own, {(): document.place(depth), **places})
    shared = {key: part for key, part in document.value.items() if key != "models"}
    found = merged(Located(shared, {p: each for p, each in document.places.items() if p[:1] != ("models",)}), child)
    return Located(found.value, {**found.places, (): document.place(())})


def where_it_stands(problem: Problem, document: Located, model: str) -> Problem:
    """Return a problem of one model's spec with the path that it has in the whole."""
    entry = document.value["models"][model]
    found = _PATH.match(problem.path)
    if found is None:
        return problem
    said = entry.get(found[1])
    own = found[2] in said if found[1] != "model" and isinstance(said, dict) else found[1] in entry
    return replace(problem, path=f"$.models.{model}{problem.path[1:]}") if own else problem


def problems_between(document: Located) -> Iterator[Problem]:
    """Yield models that are one, names that are one on some disks, and arms that do not say their base."""
    same, spelt = dict[str, str](), dict[str, str]()
    for name in names_of(document):
        said = json.dumps(document.value["models"][name], sort_keys=True)
        if said in same:
            remedy = "Keep one of them, or say what is otherwise."
            yield document.problem(("models", name), f"{name!r} is {same[said]!r} again", remedy)
        if name.lower() in spelt:
            message = f"{name!r} differs from {spelt[name.lower()]!r} in capitals alone, and both name folders"
            yield document.problem(("models", name), message, "Call one otherwise.")
        same.setdefault(said, name)
        spelt.setdefault(name.lower(), name)
    if names_of(document) and document.value.get("search") is not None:
        message = "a search may find another recipe for each model, and a table over models compares the same"
        yield document.problem(("search",), message, "Search for each model with a spec of its own.")
    if names_of(document) and document.value.get("arms"):
        message = "models that were trained elsewhere have one base, and there are several here"
        yield document.problem(("arms",), message, "Give them to their base: `models.NAME.arms`.")


def with_entry(experiment: Experiment, document: Located, model: str) -> tuple[Experiment, list[Problem]]:
    """Return a model's experiment with its `quantization`, and what of its entry recipes say themselves."""
    entry: Mapping[str, Any] = document.value["models"][model]
    depth: At = ("models", model)
    problems = [*_overruled(experiment, document, depth, entry.get("training") or {})]
    quantization = entry.get("quantization")
    if quantization is None:
        return experiment, problems
    for recipe in experiment.recipes:
        if why := _unquantizable(recipe):
            remedy = "Leave it out, or list other recipes."
            problems.append(document.problem((*depth, "quantization"), f"{recipe.id} {why}", remedy))
    return replace(experiment, recipes=tuple(_quantized(each, quantization) for each in experiment.recipes)), problems


def _overruled(experiment: Experiment, document: Located, depth: At, training: Mapping[str, Any]) -> Iterator[Problem]:
    for field in training:
        by = [
            recipe.id for recipe in experiment.recipes if any(field in stage.trained.training for stage in recipe.parts)
        ]
        if by:
            message = f"`{field}` would do nothing for {', '.join(by)}, which set it themselves"
            remedy = "Take it out here, or out of these recipes."
            yield document.problem((*depth, "training", field), message, remedy)


def _unquantizable(recipe: Recipe) -> str:
    if recipe.base_quantization is not None:
        return "brings a `quantization` of its own"
    parts = [stage.recipe for stage in recipe.parts]
    if any(each.peft is None and each.bottleneck is None and each.plugin is None for each in parts):
        return "trains the model's own weights, which quantized ones cannot be"
    if recipe.merges_first or any(stage.then == "merge" for stage in recipe.stages):
        return "merges into the weights, and into quantized ones its update would be rounded off"
    return ""


def _quantized(recipe: Recipe, quantization: Mapping[str, Any]) -> Recipe:
    if not recipe.stages:
        return replace(recipe, quantization=quantization)
    stages = [replace(stage, recipe=replace(stage.recipe, quantization=quantization)) for stage in recipe.stages]
    return replace(recipe, stages=tuple(stages))
