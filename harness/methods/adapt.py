"""From a recipe and a base model to a model that trains as the recipe says.

Read this first to follow a recipe: its size is fitted where it declares a `match`, its layers are chosen, the seed is
set, and its method (`full`, `bottleneck`, `peft.method`, or a third party's) does the rest.
"""

from dataclasses import replace

from transformers import PreTrainedModel, PreTrainedTokenizerBase, set_seed

from harness.errors import RecipeError
from harness.methods._base import Adapted, Context, base_of
from harness.methods.batches import Batches
from harness.methods.dispatch import method_of
from harness.methods.dry_run import matched
from harness.methods.layers.choose import choose_layers
from harness.methods.layers.shared import SharedProbes
from harness.model.precision import keep_masters
from harness.spec.records import Recipe


def adapt(
    model: PreTrainedModel,
    recipe: Recipe,
    *,
    seed: int,
    batches: Batches | None = None,
    ranking: Batches | None = None,
    tokenizer: PreTrainedTokenizerBase | None = None,
    probes: SharedProbes | None = None,
) -> Adapted:
    """Make `model` trainable as `recipe` says; the model is changed in place and belongs to the result.

    `model` is freshly loaded (with the recipe's `quantization`, if it has one) or is what `store.replay` made of it; of
    a recipe with stages, give one stage's at a time. The seed is set before anything is drawn, so the adapter's first
    values follow from it alone. What trains comes out in float32, whatever the model's dtype. `batches` starts a pass
    over training batches, for strategies and initialisations that read data, `ranking` over those of the recipe's
    `layers.data`, where it has any, for the strategy; `tokenizer` is needed by a prompt that starts as a text; `probes`
    hold what layers of this very model are ranked by. The result's recipe holds the rank that a declared `match` came
    to. Raises `RecipeError` when the recipe cannot be applied.
    """
    if recipe.stages:
        raise RecipeError(f"{recipe.id} is trained in stages. Adapt to the recipe of each in turn.")
    fitted = matched(recipe, model.config.to_dict())
    set_seed(seed)
    ranked_by = batches if recipe.layers.data is None else ranking
    choice = choose_layers(base_of(model), fitted, seed=seed, batches=ranked_by, probes=probes)
    set_seed(seed)  # whatever finding the layers drew, the adapter starts alike
    context = Context(seed=seed, batches=batches, tokenizer=tokenizer)
    adapted = method_of(fitted).apply(model, fitted, choice, context)
    if not adapted.trainable:
        raise RecipeError(nothing_trains(recipe))
    keep_masters(adapted.model)
    if choice is None or choice.probe is None:
        return adapted
    return replace(adapted, probes=(choice.probe, *adapted.probes))


def nothing_trains(recipe: Recipe) -> str:
    """Return what is wrong with a recipe that leaves no weight to train."""
    return f"{recipe.id} leaves no weight of this model to train. Name modules or tokens for it to adapt."
