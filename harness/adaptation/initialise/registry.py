"""The initialisations from data, by the name that `init_lora_weights` gives them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from peft import PeftConfig, PeftModel
from transformers import PreTrainedModel

from harness.adaptation.adapted import Batch
from harness.adaptation.initialise.corda import collect_covariance
from harness.adaptation.initialise.eva import load_directions
from harness.adaptation.initialise.lora_ga import collect_gradients
from harness.spec.records import Recipe

BATCHES = 32

Before = Callable[[PreTrainedModel, PeftConfig, Sequence[Batch]], None]
After = Callable[[PeftModel, Sequence[Batch]], None]


def _nothing_before(model: PreTrainedModel, config: PeftConfig, batches: Sequence[Batch]) -> None:
    del model, config, batches


def _nothing_after(wrapped: PeftModel, batches: Sequence[Batch]) -> None:
    del wrapped, batches


@dataclass(frozen=True, slots=True)
class Initialisation:
    """What to do with data before and after PEFT wraps the model."""

    name: str
    before: Before = _nothing_before
    after: After = _nothing_after


_FROM_DATA = {
    "eva": Initialisation("eva", after=load_directions),
    "corda": Initialisation("corda", before=collect_covariance),
    "lora_ga": Initialisation("lora_ga", before=collect_gradients),
}


def starts_from_data(recipe: Recipe) -> bool:
    """Tell whether the recipe's adapter starts from training data."""
    return (recipe.peft or {}).get("init_lora_weights") in _FROM_DATA


def initialisation(config: PeftConfig) -> Initialisation | None:
    """Return the steps of the configuration's initialisation, None where it needs no data."""
    asked = getattr(config, "init_lora_weights", None)
    return _FROM_DATA.get(asked) if isinstance(asked, str) else None
