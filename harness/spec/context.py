"""What the checks of an experiment read."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from harness.spec.located import Located
from harness.spec.recipes import ReadRecipe


@dataclass(frozen=True, slots=True)
class Context:
    """The blocks of an experiment that satisfy the schema, and where its names are looked up.

    `whole` has the other blocks too: the names of tasks are looked up there, so that one reading tells them all.
    """

    document: Located
    whole: Located
    beside: Path
    include: tuple[Path, ...]
    recipes: dict[str, ReadRecipe]
    tasks: dict[str, Path] = field(default_factory=dict)

    @property
    def spec(self) -> Any:
        """The experiment's JSON value."""
        return self.document.value
