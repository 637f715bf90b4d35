"""Full fine-tuning, of every weight or of some layers' weights only."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from safetensors.torch import load_file
from torch import Tensor, nn
from transformers import PreTrainedModel

from harness.errors import RecipeError
from harness.methods._base import Adapted, Context, Method, read_note, saved_file, write_note
from harness.methods.layers._base import Choice
from harness.model.decoder import layer_names
from harness.spec.records import Recipe

TRAINED = "trained.json"


class FullFineTuning(Method):
    """The model's own weights train: all of them or, with a choice of layers, those of these layers alone.

    What is saved is the whole model, in transformers' format.
    """

    def apply(self, model: PreTrainedModel, recipe: Recipe, choice: Choice | None, context: Context) -> Adapted:
        """Set what trains; embeddings and head are frozen where layers are chosen."""
        del context
        if choice is None:
            model.requires_grad_(requires_grad=True)
        else:
            _train_layers(model, choice.indices)
        return Adapted.of(model, recipe, _trained_modules(model))

    def save(self, adapted: Adapted, folder: Path) -> None:
        """Write the whole model."""
        adapted.model.save_pretrained(str(folder))
        write_note(folder, TRAINED, {"layers": list(adapted.layers), "all": adapted.trainable == adapted.total})

    def load(self, model: PreTrainedModel, recipe: Recipe, folder: Path) -> Adapted:
        """Replace the model's weights by the saved ones."""
        files = sorted(folder.glob("*.safetensors")) or [saved_file(folder, "*.safetensors")]
        put_weights(model, {name: tensor for file in files for name, tensor in load_file(file).items()}, folder)
        trained = read_note(folder, TRAINED)
        if trained["all"]:
            model.requires_grad_(requires_grad=True)  # what an earlier stage adapted came back frozen
        else:
            _train_layers(model, tuple(trained["layers"]))
        return Adapted.of(model.eval(), recipe, _trained_modules(model))

    def merge(self, adapted: Adapted) -> PreTrainedModel:
        """Return the model, which holds what was trained."""
        return adapted.model

    def expected_parameters(self, adapted: Adapted) -> int:
        """Return the size of the weights that the trained modules own."""
        owners = (adapted.model.get_submodule(name) for name in adapted.modules)
        return sum(weight.numel() for owner in owners for weight in owner.parameters(recurse=False))

    def check(self, recipe: Recipe, *, device: str, training: Mapping[str, Any]) -> Iterator[str]:
        """Refuse quantized weights, which cannot be trained."""
        del device, training
        if recipe.quantization is not None:
            yield "full fine-tuning cannot train quantized weights. Drop `quantization`, or add a `peft` block (QLoRA)."


def _train_layers(model: PreTrainedModel, layers: tuple[int, ...]) -> None:
    model.requires_grad_(requires_grad=False)
    names = layer_names(model)
    for layer in layers:
        model.get_submodule(names[layer]).requires_grad_(requires_grad=True)


def _trained_modules(model: nn.Module) -> tuple[str, ...]:
    """Return the names of the modules that own a weight that trains (one shared by two counts for the first)."""
    owners = (name.rpartition(".")[0] for name, weight in model.named_parameters() if weight.requires_grad)
    return tuple(dict.fromkeys(owners))


def put_weights(model: PreTrainedModel, weights: Mapping[str, Tensor], folder: Path) -> None:
    """Replace a model's weights by those that were read of a folder; raises `RecipeError` where they are another's."""
    if not set(weights) <= set(model.state_dict()):
        weights = _by_their_own_names(model, folder)
    missing, unexpected = model.load_state_dict(weights, strict=False)
    absent = set(missing) - set(model.all_tied_weights_keys)
    if absent or unexpected:
        raise RecipeError(
            f"{folder} holds the weights of another model: missing {sorted(absent)}, not ours {unexpected}."
        )


def _by_their_own_names(model: PreTrainedModel, folder: Path) -> Mapping[str, Tensor]:
    """Return the saved weights as the model calls them: on disk GPT-NeoX and Mixtral have the names of old files."""
    try:
        saved, found = type(model).from_pretrained(
            folder, config=model.config, dtype=model.dtype, use_safetensors=True, output_loading_info=True
        )
    except (OSError, ValueError, RuntimeError) as error:
        raise RecipeError(f"{folder} holds the weights of another model: {error}") from error
    wrong = {about: sorted(map(str, names)) for about, names in found.items() if names}
    if wrong:
        raise RecipeError(f"{folder} holds the weights of another model: {wrong}.")
    state: dict[str, Tensor] = saved.state_dict()
    return state
