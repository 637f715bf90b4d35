"""Where we rely on the inside of transformers, each with the condition under which it can go."""

from typing import Any


def attention_implementation(config: Any) -> str:
    """Return what computes attention in a model of this configuration: ``sdpa``, ``eager``, ``flash_attention_2``, ….

    Delete when upstream has a public name for it.
    """
    return str(config._attn_implementation)  # noqa: SLF001
