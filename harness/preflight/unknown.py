"""What an estimate had to assume because it downloads nothing: collected while it is made."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar

from harness.errors import NotInCacheError, SourceError, first_line

T = TypeVar("T")


@dataclass(slots=True)
class Unknown:
    """What was assumed instead of counted, what is not in the cache, and other reasons; each said once."""

    assumed: list[str] = field(default_factory=list)
    absent: list[str] = field(default_factory=list)
    reasons: list[str] = field(default_factory=list)

    def assume(self, what: str) -> None:
        """Note a number that is assumed."""
        _add(self.assumed, what)

    def attempt(self, look: Callable[[], T]) -> T | None:
        """Return what `look` finds, or None where it cannot be had: the reason is noted, a plan is made without it.

        What can be had and is wrong is a mistake that a plan should find: only `SourceError` is taken.
        """
        try:
            return look()
        except NotInCacheError as error:
            _add(self.absent, error.what)
        except SourceError as error:
            _add(self.reasons, first_line(error))
        return None


def _add(known: list[str], new: str) -> None:
    if new not in known:
        known.append(new)
