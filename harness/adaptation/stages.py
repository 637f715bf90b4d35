"""A recipe in stages: what is at work when one starts, and why its adapter cannot be merged or kept."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from harness.adaptation.initial import REWRITING
from harness.adaptation.match import matched
from harness.adaptation.merge import fold
from harness.adaptation.outline import on_shapes
from harness.adaptation.peft_block import peft_config
from harness.adaptation.stack import STACKABLE
from harness.errors import RecipeError
from harness.spec.records import Recipe, Stage

_READS_WEIGHTS = (*REWRITING, "eva", "loftq")
"""Initialisations that read or change the weights under the adapter."""


def at_work(parts: Sequence[Stage], place: int) -> list[Recipe]:
    """Return the recipes whose adapters are at work, unmerged, when the stage at `place` starts."""
    found: list[Recipe] = []
    for stage in parts[:place]:
        found = [*found, stage.recipe] if stage.then == "keep" else []
    return found


def sequence_refusals(recipe: Recipe, config: Mapping[str, Any] | None) -> Iterator[str]:
    """Yield why what a stage leaves behind cannot serve the next, each with the stage that it is about."""
    for place, (stage, following) in enumerate(zip(recipe.parts, recipe.parts[1:], strict=False), start=1):
        rule = {"merge": _unmergeable, "keep": _unstackable}.get(str(stage.then))
        reasons = [] if rule is None else list(rule(stage.recipe, following.recipe))
        yield from (f"stage {place}: {reason}" for reason in reasons)
        if config is not None and stage.then is not None and not reasons:
            yield from (f"stage {place}: {reason}" for reason in _on_the_model(recipe.parts, place, config))


def _unmergeable(recipe: Recipe, following: Recipe) -> Iterator[str]:
    del following
    if recipe.peft is not None and peft_config(recipe).is_prompt_learning:
        yield f"{recipe.id} adds virtual tokens, which change no weight: nothing can be merged. Make it the last stage."


def _unstackable(recipe: Recipe, following: Recipe) -> Iterator[str]:
    first, second = recipe.peft or {}, following.peft or {}
    if first.get("peft_type") not in STACKABLE:
        yield (
            f"{recipe.id} cannot be kept at work beside another adapter; {', '.join(STACKABLE)} can. "
            'Merge it, where its method can be merged ("then": "merge").'
        )
    elif first["peft_type"] != second.get("peft_type"):
        yield (
            f"PEFT combines adapters of one method only, and {following.id} is not {first['peft_type']}. "
            'Merge the adapter before it ("then": "merge").'
        )
    for each, block in ((recipe, first), (following, second)):
        extras = [name for name in ("modules_to_save", "trainable_token_indices") if block.get(name)]
        extras += ["bias"] if block.get("bias", "none") != "none" else []
        if extras:
            yield f"{each.id}: PEFT keeps several adapters at work only without {', '.join(extras)}. Leave that out."
    start = str(second.get("init_lora_weights", ""))
    if start.startswith(_READS_WEIGHTS):
        yield f"{following.id} starts from the weights it adapts ({start}), which holds for a first adapter. Merge."
    if following.layers.strategy == "gradient":
        yield f"{following.id} ranks layers by gradient, in which a kept one counts. Merge, or list the layers."


def _on_the_model(parts: Sequence[Stage], place: int, config: Mapping[str, Any]) -> Iterator[str]:
    """Try on a model of shapes what follows the stage at `place` (counted from 1)."""
    try:
        earlier = [matched(each, config) for each in at_work(parts, place - 1)]
        this = matched(parts[place - 1].recipe, config)
        if parts[place - 1].then == "keep":
            on_shapes(matched(parts[place].recipe, config), config, seed=0, beside=[*earlier, this])
        else:
            fold(on_shapes(this, config, seed=0, beside=earlier))
    except RecipeError as error:
        yield str(error)
