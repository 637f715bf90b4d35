"""The ways of adapting a model: what each is, what it comes to on a model, and how it is carried out.

To follow one recipe read `adapt`, which asks the recipe's method for the rest: `full`, `bottleneck`, or `peft.method`.
`traits` and `catalogue` say what must be known of a recipe before anything is loaded; they import neither torch nor
PEFT. The names below are what a third party's method or layer strategy is written with; each is imported when it is
first asked for, so that the light verbs can read traits.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from harness.methods._base import Adapted, Context, Method, base_of, read_note, saved_file, write_note
    from harness.methods.batches import Batch, Batches, first_batches, on_device
    from harness.methods.layers._base import Choice, LayerStrategy, Request

__all__ = [
    "Adapted",
    "Batch",
    "Batches",
    "Choice",
    "Context",
    "LayerStrategy",
    "Method",
    "Request",
    "base_of",
    "first_batches",
    "on_device",
    "read_note",
    "saved_file",
    "write_note",
]

_MODULES = {
    "batches": ("Batch", "Batches", "first_batches", "on_device"),
    "layers._base": ("Choice", "LayerStrategy", "Request"),
    "_base": ("Adapted", "Context", "Method", "base_of", "read_note", "saved_file", "write_note"),
}


def __getattr__(name: str) -> Any:
    for module, names in _MODULES.items():
        if name in names:
            return getattr(import_module(f"{__name__}.{module}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
