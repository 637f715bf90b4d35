"""What several callers ask for, made once for as long as a block runs."""

from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Generic, TypeVar

Place = TypeVar("Place", bound=Hashable)
Thing = TypeVar("Thing")


class Shelf(Generic[Place, Thing]):
    """Things by where they belong, kept only while a block is open, and by every block inside it."""

    def __init__(self, name: str) -> None:
        self._kept: ContextVar[dict[Place, Thing] | None] = ContextVar(name, default=None)

    @contextmanager
    def open(self) -> Iterator[None]:
        """Keep what is made while the block runs."""
        token = self._kept.set({} if (kept := self._kept.get()) is None else kept)
        try:
            yield
        finally:
            self._kept.reset(token)

    def get(self, place: Place, make: Callable[[], Thing]) -> Thing:
        """Return what is kept at a place, made when it is first asked for; outside a block it is made each time."""
        kept = self._kept.get()
        if kept is None:
            return make()
        if place not in kept:
            kept[place] = make()
        return kept[place]
