"""Adapted models on disk: PEFT's format for PEFT methods, transformers' for full weights; safetensors only."""

from pathlib import Path

from peft import PeftConfig, PeftModel
from safetensors.torch import load_file
from torch import Tensor, nn
from transformers import PreTrainedModel

from harness.adaptation.adapted import Adapted
from harness.adaptation.count import parameters
from harness.adaptation.decoder import layer_names, layer_of
from harness.adaptation.full import trained_modules
from harness.adaptation.peft_method import adapted_modules
from harness.errors import RecipeError
from harness.spec.records import Recipe

PEFT_WEIGHTS = "adapter_model.safetensors"


def save(adapted: Adapted, folder: Path) -> None:
    """Write what was trained into `folder`: a PEFT adapter, or the whole model for full fine-tuning."""
    folder.mkdir(parents=True, exist_ok=True)
    if isinstance(adapted.model, PeftModel):
        # The base model's embeddings are pinned elsewhere; looking up whether they changed would ask the hub.
        adapted.model.save_pretrained(str(folder), save_embedding_layers=False)
    else:
        adapted.model.save_pretrained(str(folder))


def load(model: PreTrainedModel, recipe: Recipe, folder: Path) -> Adapted:
    """Put what `save` wrote back onto a freshly loaded base model, ready to be scored.

    Nothing in the folder is executed: weights are read from safetensors files alone. Raises `RecipeError`
    when the folder holds none, or weights of another model.
    """
    if recipe.peft is None:
        _load_weights(model, folder)
        return _loaded(model, recipe, trained_modules(model), layer_names(model))
    _file(folder, PEFT_WEIGHTS)
    names = layer_names(model)
    config = PeftConfig.from_pretrained(str(folder))
    wrapped = PeftModel.from_pretrained(model, str(folder), config=config, is_trainable=True)
    wrapped.eval()
    return _loaded(wrapped, recipe, adapted_modules(wrapped), names)


def _loaded(model: nn.Module, recipe: Recipe, modules: tuple[str, ...], names: tuple[str, ...]) -> Adapted:
    layers = sorted({layer for module in modules if (layer := layer_of(module, names)) is not None})
    trainable, total = parameters(model)
    return Adapted(
        model=model, recipe=recipe, layers=tuple(layers), modules=modules, trainable=trainable, total=total
    )


def _load_weights(model: PreTrainedModel, folder: Path) -> None:
    files = sorted(folder.glob("*.safetensors"))
    if not files:
        raise _absent(folder, "*.safetensors")
    weights: dict[str, Tensor] = {name: tensor for file in files for name, tensor in load_file(file).items()}
    missing, unexpected = model.load_state_dict(weights, strict=False)
    absent = set(missing) - set(model.all_tied_weights_keys)
    if absent or unexpected:
        raise RecipeError(
            f"{folder} holds the weights of another model: missing {sorted(absent)}, not ours {unexpected}."
        )


def _file(folder: Path, name: str) -> Path:
    path = folder / name
    if not path.is_file():
        raise _absent(folder, name)
    return path


def _absent(folder: Path, name: str) -> RecipeError:
    return RecipeError(f"{folder} holds no {name}. Only safetensors files are read; save the adapter again.")
