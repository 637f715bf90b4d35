"""How an adapter's first values come about where PEFT does not see to it alone, and what that changes in the base.

EVA, CorDA and LoRA-GA read training data. PEFT has them but runs none by itself: passed bare, it takes ``eva`` for a
random start and ``corda`` for an error. Each has a step before the model is wrapped or one after it.

PiSSA, OLoRA, CorDA and LoRA-GA start from B₀A₀ ≠ 0 and subtract it from the base weight, so that the model's
function is unchanged at first. Their adapter alone means nothing on the original base; with its first values
beside it, BA − B₀A₀ is a plain LoRA of twice the rank that does.
"""

import math
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from tempfile import TemporaryDirectory

import torch
from peft import PeftConfig, PeftModel, get_peft_model_state_dict, initialize_lora_eva_weights
from peft.tuners.lora.corda import preprocess_corda
from peft.tuners.lora.loraga import preprocess_loraga
from torch import Tensor
from transformers import PreTrainedModel, PreTrainedTokenizerBase

from harness._compat.peft import tokens_for_eva
from harness.errors import RecipeError
from harness.methods.batches import Batch, Batches, first_batches, on_device
from harness.methods.peft.targets import adapted_modules
from harness.methods.peft.wrap import wrap
from harness.records import Probe

BATCHES = 32
"""Training batches that an initialisation reads where the recipe does not say."""

REWRITING = ("pissa", "olora", "corda", "lora_ga")
"""How the values of `init_lora_weights` begin that change the base model's weights."""


def wrap_from_data(
    model: PreTrainedModel, config: PeftConfig, asked: tuple[str, ...], batches: Batches | None, count: int | None
) -> tuple[PeftModel, tuple[Probe, ...]]:
    """Wrap a model whose adapter starts from training data, and tell what reading them took.

    `asked` are the modules to adapt, `count` is how many batches to read (None: `BATCHES`). Raises `RecipeError`
    without enough data, and as `wrap` does.
    """
    name = str(config.init_lora_weights)
    config.target_modules = set(asked)  # preparing on data, PEFT knows no "all-linear"
    read = first_batches(batches, count or BATCHES, f"the initialisation {name!r}")
    start = time.perf_counter()
    if name in _BEFORE:
        _BEFORE[name](model, config, read)
    wrapped = wrap(model, config, asked)
    if name in _AFTER:
        _AFTER[name](wrapped, read)
    return wrapped, (Probe(purpose=name, batches=len(read), seconds=time.perf_counter() - start),)


def reads_data(config: PeftConfig) -> bool:
    """Tell whether the adapter starts from training data."""
    return getattr(config, "init_lora_weights", None) in (*_BEFORE, *_AFTER)


@contextmanager
def prompt_text(config: PeftConfig, tokenizer: PreTrainedTokenizerBase | None) -> Iterator[None]:
    """Let PEFT find the base model's own tokenizer while it wraps; it takes a folder, not an object.

    Prompt tuning may start from the embeddings of a text (Lester et al. 2021, section 3.2: class labels). Raises
    `RecipeError` when a text must be tokenized and there is no tokenizer.
    """
    if getattr(config, "prompt_tuning_init", None) != "TEXT":
        yield
        return
    if tokenizer is None:
        raise RecipeError("prompt_tuning_init TEXT needs the base model's tokenizer.")
    with TemporaryDirectory() as folder:
        tokenizer.save_pretrained(folder)
        config.tokenizer_name_or_path = folder
        yield
    config.tokenizer_name_or_path = None


def rewrites_base(config: PeftConfig) -> bool:
    """Tell whether the configuration's initialisation changes the base model's weights."""
    return str(getattr(config, "init_lora_weights", "")).startswith(REWRITING)


def initial_weights(wrapped: PeftModel) -> Mapping[str, Tensor]:
    """Return a copy of the adapter's weights where its initialisation rewrote the base's, else nothing."""
    if not rewrites_base(wrapped.peft_config[wrapped.active_adapter]):
        return {}
    state = get_peft_model_state_dict(wrapped, save_embedding_layers=False)
    return {name: weight.detach().clone().cpu() for name, weight in state.items()}


def _corda(model: PreTrainedModel, config: PeftConfig, batches: Sequence[Batch]) -> None:
    """Decompose each weight in the directions its inputs take (CorDA, Yang et al. 2024, arXiv 2406.05223).

    The decomposition is left on each target module, where PEFT's wrapping reads and removes it.
    """

    @torch.no_grad()
    def run() -> None:
        for batch in batches:
            placed = on_device(batch, model)
            # PEFT's covariance takes inputs of shape (1, tokens, features), and padding must not count.
            for ids, mask in zip(placed["input_ids"], placed["attention_mask"], strict=True):
                model(input_ids=ids[mask.bool()].unsqueeze(0))

    preprocess_corda(model, config, run_model=run)


def _lora_ga(model: PreTrainedModel, config: PeftConfig, batches: Sequence[Batch]) -> None:
    """Let LoRA's first step follow full fine-tuning's gradient (LoRA-GA, Wang et al. 2024, arXiv 2407.05000).

    The mean gradient is left on each target module, where PEFT's wrapping reads and removes it.
    """

    def run() -> None:
        for batch in batches:
            model(**on_device(batch, model)).loss.backward()

    preprocess_loraga(model, config, run)


def _eva(wrapped: PeftModel, batches: Sequence[Batch]) -> None:
    """Start A as the main directions of each module's inputs (EVA, Paischer et al. 2024, arXiv 2410.07170).

    They are the right singular vectors of the inputs; ranks are spread by the variance that they explain, and a module
    whose rank comes out as 0 loses its adapter. Padding is left out, and with PEFT's `use_label_mask` every token
    without a label too. Raises `RecipeError` where no batch has enough tokens for the directions that are sought: PEFT
    would go over the batches for ever.
    """
    inputs = [on_device(batch, wrapped) for batch in batches]
    config = wrapped.active_peft_config
    needed = math.ceil(config.r * config.eva_config.rho)
    most = max(tokens_for_eva(batch, config) for batch in inputs)
    if most < needed:
        raise RecipeError(
            f"EVA seeks {needed} directions (r times rho) and no batch has more than {most} tokens for it. "
            "Set peft.eva_config.use_label_mask to false, or train with larger batches or a smaller r."
        )
    initialize_lora_eva_weights(wrapped, inputs, show_progress_bar=False)
    # PEFT shortens the names it kept until they match dropped modules as well, which loading would adapt again.
    config.target_modules = set(adapted_modules(wrapped))


_BEFORE: Mapping[str, Callable[[PreTrainedModel, PeftConfig, Sequence[Batch]], None]] = {
    "corda": _corda,
    "lora_ga": _lora_ga,
}
_AFTER: Mapping[str, Callable[[PeftModel, Sequence[Batch]], None]] = {"eva": _eva}
