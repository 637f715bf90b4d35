"""Spec and recipe files: JSON, checked against the published schemas, resolved to frozen records.

`load` reads an experiment by name or path, `load_any` also one of several models, `load_recipe` a recipe; all raise
`SpecError` with everything wrong.
`lock` and `unlock` turn a resolved experiment into JSON and back. Each is imported when it is first asked for: the
records alone, which the ledger reads, are had without the checks of files and their libraries.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from harness.spec.campaign import Campaign, load_any
    from harness.spec.experiment import load, lock, unlock
    from harness.spec.overrides import Overrides
    from harness.spec.recipe import load_recipe

__all__ = ["Campaign", "Overrides", "load", "load_any", "load_recipe", "lock", "unlock"]

_ROOMS = {
    **dict.fromkeys(("load", "lock", "unlock"), "experiment"),
    **dict.fromkeys(("Campaign", "load_any"), "campaign"),
    "Overrides": "overrides",
    "load_recipe": "recipe",
}


def __getattr__(name: str) -> Any:
    if name not in _ROOMS:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_ROOMS[name]}"), name)
