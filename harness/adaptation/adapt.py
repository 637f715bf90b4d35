"""From a recipe and a base model to a model that trains as the recipe says."""

from transformers import PreTrainedModel, PreTrainedTokenizerBase

from harness.adaptation.adapted import Adapted, Batches
from harness.adaptation.apply import apply
from harness.adaptation.match import matched
from harness.spec.records import Recipe


def adapt(
    model: PreTrainedModel,
    recipe: Recipe,
    *,
    seed: int,
    probe: Batches | None = None,
    tokenizer: PreTrainedTokenizerBase | None = None,
) -> Adapted:
    """Make `model` trainable as `recipe` says; the model is changed in place and belongs to the result.

    `model` is freshly loaded (with the recipe's `quantization`, if it has one). The seed is set before anything
    is drawn, so the adapter's first values follow from it alone. `probe` starts a pass over training batches,
    for strategies and initialisations that read data; `tokenizer` is needed by a prompt that starts as a text.
    The result's recipe holds the rank that a declared `match` came to. Raises `RecipeError` when the recipe
    cannot be applied.
    """
    settled = matched(recipe, model.config.to_dict())
    return apply(model, settled, seed=seed, probe=probe, tokenizer=tokenizer)
