"""Models that were trained elsewhere, as adapters or whole: whether one fits a base, and its weights onto that base."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from safetensors.torch import load_file
from transformers import PreTrainedModel

from harness.errors import RecipeError
from harness.methods.full import put_weights
from harness.methods.peft.existing import adapter_misfits, compared, hint_of_base, load_existing, shapes
from harness.model.shapes import empty_model, known_config
from harness.spec.existing import WeightsKind

CHANGES_NOTHING = frozenset(
    {"_name_or_path", "name_or_path", "transformers_version", "dtype", "torch_dtype", "architectures", "use_cache"}
    | {"bos_token_id", "eos_token_id", "pad_token_id", "_attn_implementation_autoset", "id2label", "label2id"}
)
"""Fields of a model's configuration that differ between copies of one model and change no score."""


def misfits(kind: WeightsKind, folder: Path, base: Mapping[str, Any], said: Mapping[str, Any]) -> Iterator[str]:
    """Yield why what lies in a folder was not trained from the model of `base` (transformers' ``config.json``).

    `said` is the folder's own configuration of a whole model. Raises `RecipeError` for what cannot be read.
    """
    if kind == "adapter":
        yield from adapter_misfits(folder, base)
        return
    other = list(_other_fields(base, said))
    if other:
        yield f"its config.json is another model's ({'; '.join(other)})"
    yield from _other_weights(folder, base)


def load(model: PreTrainedModel, kind: WeightsKind, folder: Path) -> PreTrainedModel:
    """Put what lies in a folder onto a fresh base, in evaluation mode. Raises `RecipeError` where it does not fit."""
    if kind == "adapter":
        loaded: PreTrainedModel = load_existing(model, folder)
        return loaded.eval()
    weights = {name: tensor for file in _files(folder) for name, tensor in load_file(file).items()}
    try:
        put_weights(model, weights, folder)
    except RuntimeError as error:
        raise RecipeError(f"{folder} holds the weights of another model: {error}") from error
    return model.eval()


def trained_on(kind: WeightsKind, folder: Path) -> str | None:
    """Return what an adapter says of its base, which is a hint and no proof; None where nothing is said."""
    return hint_of_base(folder) if kind == "adapter" else None


def _files(folder: Path) -> list[Path]:
    return sorted(folder.glob("model*.safetensors"))


def _other_fields(base: Mapping[str, Any], said: Mapping[str, Any]) -> Iterator[str]:
    if said.get("quantization_config"):
        yield "its weights are quantized"
    ours, theirs = (known_config(each).to_dict() for each in (base, said))
    for name in sorted(ours.keys() | theirs.keys()):
        if name not in CHANGES_NOTHING and name != "quantization_config" and ours.get(name) != theirs.get(name):
            yield f"{name} {theirs.get(name)!r:.60}, here {ours.get(name)!r:.60}"


def _other_weights(folder: Path, base: Mapping[str, Any]) -> Iterator[str]:
    """Hold names and shapes to the base's; names of old files (GPT-NeoX's, Mixtral's) are looked at in loading."""
    model = empty_model(base)
    wanted = {name: tuple(each.shape) for name, each in model.state_dict().items()}
    found = {name: shape for path in _files(folder) for name, shape in shapes(path).items()}
    if found.keys() & wanted.keys():
        tied = set(model.all_tied_weights_keys)
        places = {name: shape for name, shape in wanted.items() if name not in tied}
        own_names = found.keys() <= wanted.keys()
        yield from compared(found, places if own_names else {}, also=wanted if own_names else {**wanted, **found})
