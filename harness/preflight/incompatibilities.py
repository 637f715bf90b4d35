"""What makes an experiment's recipes impossible to train, found before anything is trained and said all at once."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from harness import adaptation
from harness.errors import RecipeError
from harness.spec.records import Experiment, Recipe
from harness.training.arguments import sft_config

_POSITIVE = ("per_device_train_batch_size", "gradient_accumulation_steps")


def check_recipes(experiment: Experiment, config: Mapping[str, Any] | None, device: str) -> None:
    """Raise `RecipeError` with every reason why a recipe could not be trained on the model of `config`."""
    reasons = [
        f"{recipe.id}: {reason}"
        for recipe in experiment.recipes
        for reason in (
            *adaptation.refusals(recipe, config, device, training=experiment.training_of(recipe)),
            *_of_training_fields(experiment, recipe),
        )
    ]
    if reasons:
        raise RecipeError("\n".join(dict.fromkeys(reasons)))


def _of_training_fields(experiment: Experiment, recipe: Recipe) -> Iterator[str]:
    """Yield what SFTConfig refuses of the recipe's training fields, and numbers with which nothing is trained."""
    for part in recipe.parts:
        fields = experiment.training_of(part.trained)
        try:
            arguments = sft_config(fields, seed=0, folder=Path("unused"))
        except (ValueError, TypeError, ImportError) as error:
            yield f"training: {error}"
            continue
        length = "max_steps" if arguments.max_steps >= 0 else "num_train_epochs"
        yield from (
            f"training.{name} is {getattr(arguments, name)}, with which nothing is trained. Give more than 0."
            for name in (*_POSITIVE, length)
            if getattr(arguments, name) <= 0
        )
