"""The outcome of one guard."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Guard:
    """`passed` is None where the guard does not apply to the method; `details` are plain JSON values."""

    name: str
    passed: bool | None
    details: Mapping[str, Any] = field(default_factory=dict)
