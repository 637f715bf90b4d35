"""Adapted models on disk: PEFT's format for PEFT methods, transformers' for full weights; safetensors only."""

import copy
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from peft import PeftConfig, PeftModel
from safetensors.torch import load_file, save_file
from torch import Tensor, nn
from transformers import PreTrainedModel

from harness.adaptation.adapted import Adapted
from harness.adaptation.bottleneck import adapters, insert
from harness.adaptation.full import train_layers, trained_modules
from harness.adaptation.initial import rewrites_base
from harness.adaptation.merge import fold
from harness.adaptation.peft_method import adapted_modules
from harness.adaptation.stack import NEWEST, base_of, kept, work_together
from harness.errors import RecipeError
from harness.model.counting import parameters
from harness.model.decoder import layer_names, layers_of
from harness.spec.records import Bottleneck, Recipe

PEFT_WEIGHTS = "adapter_model.safetensors"
BOTTLENECK_WEIGHTS = "bottleneck.safetensors"
BOTTLENECK_CONFIG = "bottleneck.json"
TRAINED = "trained.json"


def save(adapted: Adapted, folder: Path) -> None:
    """Write what was trained into `folder`: a PEFT adapter, bottleneck weights, or the whole model.

    A LoRA whose initialisation rewrote the base weights is written as the plain LoRA it amounts to on the
    original base, of twice the rank.
    """
    folder.mkdir(parents=True, exist_ok=True)
    if isinstance(adapted.model, PeftModel):
        _save_peft(adapted, folder)
    elif adapted.recipe.bottleneck is not None:
        _save_bottleneck(adapted, adapted.recipe.bottleneck, folder)
    else:
        adapted.model.save_pretrained(str(folder))
        _write(folder / TRAINED, {"layers": list(adapted.layers), "all": adapted.trainable == adapted.total})


def load(model: PreTrainedModel, recipe: Recipe, folder: Path) -> Adapted:
    """Put what `save` wrote back onto a freshly loaded base model, in evaluation mode; training can go on.

    A recipe with stages is replayed from the folders (`stage_folder`) that each of them was saved in.

    Of a prompt that a network produced (P-tuning and its like) only the prompt comes back, not the network.

    Nothing in the folder is executed: weights are read from safetensors files alone. Raises `RecipeError`
    when the folder holds none, or weights of another model.
    """
    last = len(recipe.parts) - 1
    return _load_part(
        replay(model, recipe, folder, last), recipe.parts[last].recipe, stage_folder(folder, recipe, last)
    )


def stage_folder(folder: Path, recipe: Recipe, place: int) -> Path:
    """Return where the stage at `place` is saved below a recipe's folder, which is its own without stages."""
    return folder / f"stage-{place + 1}" if recipe.stages else folder


def replay(model: PreTrainedModel, recipe: Recipe, folder: Path, place: int) -> PreTrainedModel | PeftModel:
    """Return the model that the stage at `place` starts from: a fresh base with what the stages before it left.

    Each of them lies in its `stage_folder`; its adapter is merged or kept as it says. Raises `RecipeError` as
    `load` and `merge` do.
    """
    for earlier, stage in enumerate(recipe.parts[:place]):
        saved = stage_folder(folder, recipe, earlier)
        if stage.then == "keep":
            model = _put_peft(model, saved, kept(earlier), trainable=False)
        else:
            model = fold(_load_part(model, stage.recipe, saved))
    return model


def _load_part(model: PreTrainedModel | PeftModel, recipe: Recipe, folder: Path) -> Adapted:
    if recipe.peft is not None:
        return _load_peft(model, recipe, folder)
    if recipe.bottleneck is not None:
        return _load_bottleneck(model, recipe, folder)
    files = sorted(folder.glob("*.safetensors"))
    if not files:
        raise _absent(folder, "*.safetensors")
    _put(model, {name: tensor for file in files for name, tensor in load_file(file).items()}, folder)
    trained = _read(folder, TRAINED)
    if not trained["all"]:
        train_layers(model, tuple(trained["layers"]))
    return _loaded(model, recipe, trained_modules(model))


def _save_peft(adapted: Adapted, folder: Path) -> None:
    model = adapted.model
    with _spent(model, adapted.initial) as initial:
        # The base model's embeddings are pinned elsewhere; looking up whether they changed would ask the hub.
        model.save_pretrained(
            str(folder),
            save_embedding_layers=False,
            selected_adapters=[model.active_adapter],
            path_initial_model_for_weight_conversion=initial,
        )


@contextmanager
def _spent(model: PeftModel, initial: Mapping[str, Tensor]) -> Iterator[str | None]:
    """Show PEFT a configuration whose initialisation is over, so that loading does not start it again."""
    live = model.peft_config[model.active_adapter]
    saved = copy.deepcopy(live)
    if hasattr(saved, "prompt_tuning_init"):
        saved.prompt_tuning_init = "RANDOM"
    if rewrites_base(saved) or getattr(saved, "init_lora_weights", None) == "eva":
        saved.init_lora_weights, saved.eva_config, saved.corda_config, saved.lora_ga_config = True, None, None, None
    model.peft_config[model.active_adapter] = saved
    try:
        with TemporaryDirectory() as scratch:
            yield _initial_adapter(saved, initial, Path(scratch) / "initial") if initial else None
    finally:
        model.peft_config[model.active_adapter] = live


def _initial_adapter(config: PeftConfig, initial: Mapping[str, Tensor], folder: Path) -> str:
    folder.mkdir()
    config.save_pretrained(str(folder))
    save_file(dict(initial), folder / PEFT_WEIGHTS)
    return str(folder)


def _load_peft(model: PreTrainedModel | PeftModel, recipe: Recipe, folder: Path) -> Adapted:
    wrapped = _put_peft(model, folder, NEWEST, trainable=True)
    if wrapped.active_peft_config.is_prompt_learning:
        wrapped.prompt_encoder.requires_grad_(requires_grad=True)
    return _loaded(wrapped, recipe, adapted_modules(wrapped))


def _put_peft(model: PreTrainedModel | PeftModel, folder: Path, name: str, *, trainable: bool) -> PeftModel:
    """Put the adapter in `folder` onto the model under a name, beside those that are there."""
    if not (folder / PEFT_WEIGHTS).is_file():
        raise _absent(folder, PEFT_WEIGHTS)
    config = PeftConfig.from_pretrained(str(folder))
    trainable = trainable and not config.is_prompt_learning  # PEFT loads virtual tokens for inference only
    try:
        if isinstance(model, PeftModel):
            model.load_adapter(str(folder), name, is_trainable=trainable)
            work_together(model)
            return model
        return PeftModel.from_pretrained(model, str(folder), name, config=config, is_trainable=trainable)
    except (RuntimeError, ValueError) as error:
        raise RecipeError(f"{folder} holds the adapter of another model: {error}") from error


def _save_bottleneck(adapted: Adapted, block: Bottleneck, folder: Path) -> None:
    state = {
        f"{name}.{part}": weight.contiguous()
        for name, adapter in adapters(adapted.model).items()
        for part, weight in adapter.state_dict().items()
    }
    save_file(state, folder / BOTTLENECK_WEIGHTS)
    _write(folder / BOTTLENECK_CONFIG, {"layers": list(adapted.layers), "bottleneck": asdict(block)})


def _load_bottleneck(model: PreTrainedModel, recipe: Recipe, folder: Path) -> Adapted:
    if not (folder / BOTTLENECK_WEIGHTS).is_file():
        raise _absent(folder, BOTTLENECK_WEIGHTS)
    about = _read(folder, BOTTLENECK_CONFIG)
    modules = insert(model, Bottleneck(**about["bottleneck"]), tuple(about["layers"]))
    state = load_file(folder / BOTTLENECK_WEIGHTS)
    found = {f"{name}.{part}" for name, adapter in adapters(model).items() for part in adapter.state_dict()}
    if found != set(state):
        raise RecipeError(f"{folder} holds bottleneck adapters of another model or recipe.")
    model.load_state_dict(state, strict=False)
    return _loaded(model, recipe, modules)


def _put(model: PreTrainedModel, weights: Mapping[str, Tensor], folder: Path) -> None:
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


def _loaded(model: nn.Module, recipe: Recipe, modules: tuple[str, ...]) -> Adapted:
    model.eval()
    trainable, total = parameters(model)
    layers = layers_of(modules, layer_names(base_of(model)))
    return Adapted(model=model, recipe=recipe, layers=layers, modules=modules, trainable=trainable, total=total)


def _write(path: Path, value: Mapping[str, Any]) -> None:
    path.write_text(json.dumps(value, indent=2) + "\n", encoding="utf-8")


def _read(folder: Path, name: str) -> dict[str, Any]:
    if not (folder / name).is_file():
        raise _absent(folder, name)
    value: dict[str, Any] = json.loads((folder / name).read_text(encoding="utf-8"))
    return value


def _absent(folder: Path, name: str) -> RecipeError:
    return RecipeError(f"{folder} holds no {name}. Weights are read from safetensors files alone; save it again.")
