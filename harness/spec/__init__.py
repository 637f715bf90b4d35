"""Spec and recipe files: JSON, checked against the published schemas, resolved to frozen records.

`load` reads an experiment by name or path, `load_recipe` a recipe; both raise `SpecError` with everything wrong.
`lock` and `unlock` turn a resolved experiment into JSON and back.
"""

from harness.spec.loading import load
from harness.spec.lock import lock, unlock
from harness.spec.overrides import Overrides
from harness.spec.recipes import load_recipe

__all__ = ["Overrides", "load", "load_recipe", "lock", "unlock"]
