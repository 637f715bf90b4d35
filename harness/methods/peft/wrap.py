"""Wrap a model with an adapter, alone or beside those that earlier stages left at work, and see that it was done."""

import warnings

from peft import PeftConfig, PeftModel, get_peft_model
from transformers import PreTrainedModel

from harness._compat.peft import freeze_counts, work_together
from harness.errors import RecipeError
from harness.methods._base import NEWEST, base_of
from harness.methods.peft.targets import adapted_modules


def wrap(
    model: PreTrainedModel | PeftModel, config: PeftConfig, asked: tuple[str, ...], adapter: str = NEWEST
) -> PeftModel:
    """Return the model with an adapter of that name.

    `asked` are the modules that it must be in. PEFT sums what its active adapters do: earlier ones go on working,
    frozen. Raises `RecipeError` when PEFT refuses or breaks down, or when it left out an asked-for module; a
    `RuntimeError`, which memory and devices raise too, is left as it is.
    """
    try:
        with warnings.catch_warnings():
            # Patterns that mean nothing are an error before this; PEFT looks for those of parameters among modules.
            warnings.filterwarnings("ignore", r"The following (rank|alpha)_pattern keys did not match")
            wrapped = _wrapped(model, config, adapter)
    except Exception as error:
        if isinstance(error, MemoryError | RuntimeError) and not isinstance(error, NotImplementedError):
            raise
        kind = type(base_of(model)).__name__
        raise RecipeError(f"PEFT cannot apply {config.peft_type.value} to {kind}: {_said(error)}") from error
    freeze_counts(wrapped)
    left_out = sorted(set(asked) - set(adapted_modules(wrapped)))
    if left_out:
        raise RecipeError(f"{config.peft_type.value} left these modules unadapted: {left_out}.")
    return wrapped


def _wrapped(model: PreTrainedModel | PeftModel, config: PeftConfig, adapter: str) -> PeftModel:
    if not isinstance(model, PeftModel):
        return get_peft_model(model, config, adapter_name=adapter)
    model.add_adapter(adapter, config)
    work_together(model)
    return model


def _said(error: Exception) -> str:
    """Return what PEFT says where it refuses; where it breaks down, which a block can make it do, the kind as well."""
    told = isinstance(error, ValueError | TypeError | NotImplementedError)
    return str(error) if told else f"{type(error).__name__}: {error}. Look at the fields of the peft block."
