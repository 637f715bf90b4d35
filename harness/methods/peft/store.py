"""PEFT adapters on disk, in PEFT's own format, and merged into the weights they adapt."""

import copy
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from peft import PeftConfig, PeftModel
from safetensors.torch import save_file
from torch import Tensor
from transformers import PreTrainedModel

from harness._compat.peft import freeze_counts, in_place_of_its_config, work_together
from harness.errors import RecipeError
from harness.ledger.artefacts import CARD
from harness.methods._base import Adapted, saved_file
from harness.methods.peft.initialisation import rewrites_base
from harness.model.devices import ran_out

WEIGHTS, CONFIG = "adapter_model.safetensors", "adapter_config.json"


def save_adapter(adapted: Adapted, folder: Path) -> None:
    """Write the newest adapter alone.

    A LoRA whose initialisation rewrote the base weights is written as the plain LoRA it amounts to on the
    original base, of twice the rank.
    """
    model = adapted.model
    finished = _finished(model.peft_config[model.active_adapter])
    with in_place_of_its_config(model, finished), _initial_adapter(finished, adapted.initial) as initial:
        # The base model's embeddings are pinned elsewhere; looking up whether they changed would ask the hub.
        model.save_pretrained(
            str(folder),
            save_embedding_layers=False,
            selected_adapters=[model.active_adapter],
            path_initial_model_for_weight_conversion=initial,
        )
    (folder / CARD).unlink(missing_ok=True)  # PEFT's is a form to be filled in; a report writes one
    _put_in_order(folder / CONFIG, finished)


def load_adapter(model: PreTrainedModel | PeftModel, folder: Path, adapter: str, *, trainable: bool) -> PeftModel:
    """Put the adapter in `folder` onto the model under a name, beside those that are there.

    Raises `RecipeError` where there is none in safetensors, or one of another model.
    """
    saved_file(folder, WEIGHTS)
    config = PeftConfig.from_pretrained(str(folder))
    trainable = trainable and not config.is_prompt_learning  # PEFT loads virtual tokens for inference only
    try:
        if isinstance(model, PeftModel):
            model.load_adapter(str(folder), adapter, is_trainable=trainable)
            work_together(model)
        else:
            model = PeftModel.from_pretrained(model, str(folder), adapter, config=config, is_trainable=trainable)
    except (RuntimeError, ValueError) as error:
        raise RecipeError(f"{folder} holds the adapter of another model: {error}") from error
    freeze_counts(model)
    return model


def merge_adapters(adapted: Adapted) -> PreTrainedModel:
    """Fold all adapters of the model into its weights and return the base model.

    Raises `RecipeError` for virtual tokens, and where PEFT cannot merge or the result is not finite.
    """
    return merged(adapted.model, adapted.recipe.id)


def merged(model: PeftModel, said: str) -> PreTrainedModel:
    """Fold all adapters of a model into its weights, `said` being whose they are; raises as `merge_adapters`."""
    if model.active_peft_config.is_prompt_learning:
        raise RecipeError(f"{said}: virtual tokens change no weight; there is nothing to merge.")
    try:
        with_values = model.device.type != "meta"  # values are what a safe merge looks at
        found: PreTrainedModel = model.merge_and_unload(safe_merge=with_values)
    except (RuntimeError, NotImplementedError, ValueError, AttributeError) as error:
        if ran_out(error):
            raise
        raise RecipeError(f"{said}: PEFT cannot merge it: {error}") from error
    return found


def _put_in_order(file: Path, config: PeftConfig) -> None:
    """Sort what the configuration holds as a set.

    PEFT writes a set in the order of its hashes, which is another in every process: the same adapter would have another
    digest each time it is made.
    """
    written = json.loads(file.read_text(encoding="utf-8"))
    for name, value in written.items():
        if isinstance(getattr(config, name, None), set):
            written[name] = sorted(value)
    file.write_text(json.dumps(written, indent=2, sort_keys=True), encoding="utf-8")


def _finished(config: PeftConfig) -> PeftConfig:
    """Return a configuration whose initialisation is over, so that loading does not start it again."""
    finished = copy.deepcopy(config)
    if hasattr(finished, "prompt_tuning_init"):
        finished.prompt_tuning_init = "RANDOM"
    if rewrites_base(finished) or getattr(finished, "init_lora_weights", None) == "eva":
        finished.init_lora_weights = True
        finished.eva_config, finished.corda_config, finished.lora_ga_config = None, None, None
    return finished


@contextmanager
def _initial_adapter(config: PeftConfig, initial: Mapping[str, Tensor]) -> Iterator[str | None]:
    """Write an adapter of the first values where there are any, since PEFT subtracts what lies in a folder."""
    if not initial:
        yield None
        return
    with TemporaryDirectory() as scratch:
        folder = Path(scratch) / "initial"
        folder.mkdir()
        config.save_pretrained(str(folder))
        save_file(dict(initial), folder / WEIGHTS)
        yield str(folder)
