"""Where we rely on the inside of transformers, each with the condition under which it can go."""

from typing import Any

from transformers.conversion_mapping import get_checkpoint_conversion_mapping


def attention_implementation(config: Any) -> str:
    """Return what computes attention in a model of this configuration: ``sdpa``, ``eager``, ``flash_attention_2``, ….

    Delete when upstream has a public name for it.
    """
    return str(config._attn_implementation)  # noqa: SLF001


def read_names_of_weights() -> None:
    """Have transformers read what weights are called in files, hundreds of regular expressions, before it is asked.

    A process that is forked afterwards need not compile them. Delete when upstream does so for the model at hand alone.
    """
    get_checkpoint_conversion_mapping("llama")
