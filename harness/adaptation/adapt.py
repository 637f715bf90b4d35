"""From a recipe and a base model to a model that trains as the recipe says."""

from peft import PeftModel
from transformers import PreTrainedModel, PreTrainedTokenizerBase

from harness.adaptation.adapted import Adapted, Batches
from harness.adaptation.apply import apply
from harness.adaptation.match import matched
from harness.errors import RecipeError
from harness.spec.records import Recipe


def adapt(
    model: PreTrainedModel | PeftModel,
    recipe: Recipe,
    *,
    seed: int,
    probe: Batches | None = None,
    tokenizer: PreTrainedTokenizerBase | None = None,
) -> Adapted:
    """Make `model` trainable as `recipe` says; the model is changed in place and belongs to the result.

    `model` is freshly loaded (with the recipe's `quantization`, if it has one) or is what `replay` made of it; of a
    recipe with stages, give one stage's at a time. The seed is set before anything
    is drawn, so the adapter's first values follow from it alone. `probe` starts a pass over training batches,
    for strategies and initialisations that read data; `tokenizer` is needed by a prompt that starts as a text.
    The result's recipe holds the rank that a declared `match` came to. Raises `RecipeError` when the recipe
    cannot be applied.
    """
    if recipe.stages:
        raise RecipeError(f"{recipe.id} is trained in stages. Adapt to the recipe of each in turn.")
    settled = matched(recipe, model.config.to_dict())
    return apply(model, settled, seed=seed, probe=probe, tokenizer=tokenizer)
