"""Spec and recipe files: JSON, checked against the published schemas, resolved to frozen records.

`load` reads an experiment by name or path, `load_recipe` a recipe; both raise `SpecError` with everything wrong.
`lock` and `unlock` turn a resolved experiment into JSON and back; `notes` says what is worth knowing of its names.
"""

from harness.spec.experiment import load, lock, unlock
from harness.spec.notes import notes
from harness.spec.overrides import Overrides
from harness.spec.recipe import load_recipe

__all__ = ["Overrides", "load", "load_recipe", "lock", "notes", "unlock"]
