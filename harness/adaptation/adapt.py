"""From a recipe and a base model to a model that trains as the recipe says."""

from peft import PeftConfig
from transformers import PreTrainedModel, set_seed

from harness.adaptation.adapted import Adapted, Batches
from harness.adaptation.count import parameters
from harness.adaptation.decoder import layer_names, layer_of
from harness.adaptation.full import train_everything, train_layers, trained_modules
from harness.adaptation.layers import Choice, Request, layer_count, select
from harness.adaptation.peft_block import peft_config
from harness.adaptation.peft_method import adapted_modules, restrict, wrap
from harness.errors import RecipeError
from harness.spec.records import Recipe


def adapt(model: PreTrainedModel, recipe: Recipe, *, seed: int, probe: Batches | None = None) -> Adapted:
    """Make `model` trainable as `recipe` says; the model is changed in place and belongs to the result.

    `model` is freshly loaded (with the recipe's `quantization`, if it has one). The seed is set before anything
    is drawn, so the adapter's first values follow from it alone. `probe` starts a pass over training batches,
    for strategies and initialisations that read data. Raises `RecipeError` when the recipe cannot be applied.
    """
    set_seed(seed)
    choice = _choose(model, recipe, seed, probe)
    chosen = None if choice is None else choice.indices
    if recipe.peft is None:
        return _full(model, recipe, chosen)
    return _peft(model, recipe, peft_config(recipe), chosen)


def _choose(model: PreTrainedModel, recipe: Recipe, seed: int, probe: Batches | None) -> Choice | None:
    if recipe.layers.strategy == "all":
        return None
    total = len(layer_names(model))
    request = Request(
        layers=recipe.layers,
        total=total,
        count=layer_count(recipe.layers, total),
        seed=seed if recipe.layers.seed is None else recipe.layers.seed,
        model=model,
        batches=probe,
    )
    return select(request)


def _full(model: PreTrainedModel, recipe: Recipe, chosen: tuple[int, ...] | None) -> Adapted:
    if chosen is None:
        train_everything(model)
    else:
        train_layers(model, chosen)
    trainable, total = parameters(model)
    layers = tuple(range(len(layer_names(model)))) if chosen is None else chosen
    return Adapted(
        model=model, recipe=recipe, layers=layers, modules=trained_modules(model), trainable=trainable, total=total
    )


def _peft(model: PreTrainedModel, recipe: Recipe, config: PeftConfig, chosen: tuple[int, ...] | None) -> Adapted:
    if config.is_prompt_learning and chosen is not None:
        raise RecipeError(
            f"{recipe.id}: {config.peft_type.value} adds virtual tokens, there are no layers to choose."
        )
    names = layer_names(model)
    asked = () if config.is_prompt_learning else restrict(config, model, chosen)
    wrapped = wrap(model, config, asked)
    modules = adapted_modules(wrapped)
    layers = sorted({layer for module in modules if (layer := layer_of(module, names)) is not None})
    trainable, total = parameters(wrapped)
    return Adapted(
        model=wrapped, recipe=recipe, layers=tuple(layers), modules=modules, trainable=trainable, total=total
    )
