"""LoRA initialisations that read training data; PEFT has them but runs none of them by itself.

Passed bare, PEFT takes ``eva`` for a random start and ``corda`` for an error; the functions here do what the
names say. Each is a pair of steps around the wrapping: one on the base model, one on the wrapped model.
"""

from harness.adaptation.initialise.registry import Initialisation, initialisation, starts_from_data
from harness.adaptation.initialise.text import prompt_text

__all__ = ["Initialisation", "initialisation", "prompt_text", "starts_from_data"]
