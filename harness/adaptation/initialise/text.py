"""Prompt tuning that starts from the embeddings of a text (Lester et al. 2021, section 3.2: class labels)."""

from collections.abc import Iterator
from contextlib import contextmanager
from tempfile import TemporaryDirectory

from peft import PeftConfig
from transformers import PreTrainedTokenizerBase

from harness.errors import RecipeError


@contextmanager
def prompt_text(config: PeftConfig, tokenizer: PreTrainedTokenizerBase | None) -> Iterator[None]:
    """Let PEFT find the base model's own tokenizer while it wraps; it takes a folder, not an object.

    Raises `RecipeError` when a text must be tokenized and there is no tokenizer.
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
