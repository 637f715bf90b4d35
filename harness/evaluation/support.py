"""Which models can be scored with shared prompts, and which tokenizers at all.

The rules for models read the model's configuration. What they do not know is caught by the scorer's own comparison with
a plain forward pass (see `harness.evaluation.scorer`).
"""

from typing import Any

from transformers import PreTrainedTokenizerBase

from harness._compat.transformers import attention_implementation
from harness.errors import SourceError
from harness.methods._base import tokens_before_input

TAKES_A_MASK = frozenset({"sdpa", "eager"})
"""Attention implementations that add a given mask of shape (rows, 1, tokens, tokens)."""

FULL = "full_attention"
WINDOWED = frozenset({"sliding_attention", "chunked_attention"})
WINDOW_FIELDS = ("sliding_window", "attention_chunk_size", "window_size")

MOVING_ROPE = frozenset({"dynamic", "longrope"})
"""Rotary embeddings that change with the longest position in the batch."""


def unsupported(model: Any, *, longest: int, before: int = 0) -> str | None:
    """Return why rows of up to `longest` tokens cannot share prompts on `model`; None where they can.

    `model` is a transformers or PEFT model, `before` how many of its virtual tokens are read once, before all rows.
    """
    config = model.config
    text = config.get_text_config(decoder=True)
    return (
        _virtual_tokens(model, before)
        or ("encoder-decoder model" if config.is_encoder_decoder else None)
        or _attention(text)
        or _layers(text, before + longest)
        or _rope(text)
        or (None if model.get_output_embeddings() is not None else "no output embeddings")
    )


def _virtual_tokens(model: Any, read: int) -> str | None:
    kind = tokens_before_input(model)
    return None if kind is None or read else f"{kind} puts virtual tokens before the prompt"


def _attention(config: Any) -> str | None:
    used = attention_implementation(config)
    return None if used in TAKES_A_MASK else f"{used} attention takes no block mask"


def _layers(config: Any, longest: int) -> str | None:
    kinds = set(getattr(config, "layer_types", None) or ())
    other = sorted(kinds - WINDOWED - {FULL})
    if other:
        return f"layers of type {', '.join(other)}"
    if kinds == {FULL}:
        return None
    windows = [window for name in WINDOW_FIELDS if (window := getattr(config, name, None)) is not None]
    if windows and min(windows) < longest:
        return f"attention window of {min(windows)} tokens, longest row {longest}"
    return None


def _rope(config: Any) -> str | None:
    parameters = getattr(config, "rope_parameters", None) or {}
    kind = parameters.get("rope_type")
    return f"{kind} rotary positions depend on the batch" if kind in MOVING_ROPE else None


def check_tokenizer(tokenizer: PreTrainedTokenizerBase) -> None:
    """Raise `SourceError` for a tokenizer that ends every text with a special token.

    lm-eval takes as the answer's tokens what prompt and answer together have beyond the prompt alone. With a
    closing token after the prompt this loses the answer's first token and scores the closing one instead.
    """
    bare = tokenizer.encode("a", add_special_tokens=False)
    whole = tokenizer.encode("a")
    if bare and whole[-1] != bare[-1]:
        raise SourceError(
            f"the tokenizer ends every text with {tokenizer.decode(whole[-1:])!r}, so an answer's tokens cannot be "
            'told from its prompt\'s. Set "add_eos_token": false in its tokenizer_config.json.'
        )
