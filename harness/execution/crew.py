"""Units of work in hand: one after another, or several side by side, each followed by a thread of its own.

Whoever schedules stays in one thread: it starts units and takes what they tell, one thing at a time.
"""

import queue
import threading
from collections.abc import Generator
from contextlib import closing
from types import TracebackType
from typing import Self

from harness.execution._base import Executor, Exit
from harness.execution.events import Event
from harness.execution.unit import WorkUnit

Told = tuple[str, Event | Exit]
"""A unit's id and what it tells; an `Exit` is the last."""


class Crew:
    """At most `places` units at a time on one executor. As a context manager it leaves none running behind."""

    def __init__(self, executor: Executor, places: int) -> None:
        self._executor = executor
        self._free = list(range(places))
        self._place: dict[str, int] = {}
        self._threads: dict[str, threading.Thread] = {}
        self._told: queue.Queue[tuple[str, Event | Exit | BaseException]] = queue.Queue()
        self._alone: Generator[Event | Exit] | None = None
        self._several = places > 1
        self._lost: set[int] = set()

    @property
    def place(self) -> int | None:
        """The lowest place that is free, None where all are taken."""
        return min(self._free, default=None)

    @property
    def busy(self) -> bool:
        """Whether a unit is running."""
        return bool(self._place)

    @property
    def has_told(self) -> bool:
        """Whether a unit has told something that was not taken yet, so that `told` would not wait."""
        return not self._told.empty()

    def start(self, unit: WorkUnit) -> None:
        """Start a unit at the lowest free place."""
        place = min(self._free)
        self._free.remove(place)
        self._place[unit.id] = place
        if not self._several:
            self._alone = self._executor.submit(unit)
            return
        thread = threading.Thread(target=self._follow, args=(unit,), name=unit.id, daemon=True)
        self._threads[unit.id] = thread
        thread.start()

    def lose_place_of(self, unit: str) -> int:
        """Let no unit start at the place of a running one any more, unless it is the last place; return its number."""
        place = self._place[unit]
        self._lost.add(place)
        return place

    def told(self) -> Told:
        """Wait for the next thing that a running unit tells. Raises what the executor raises."""
        unit, said = self._told.get() if self._alone is None else self._told_alone(self._alone)
        if isinstance(said, Exit | BaseException):
            self._leave(unit)
        if isinstance(said, BaseException):
            raise said
        return unit, said

    def _told_alone(self, told: Generator[Event | Exit]) -> tuple[str, Event | Exit | BaseException]:
        (unit,) = self._place
        try:
            return unit, next(told, Exit(unit, 1))
        except BaseException as error:  # noqa: BLE001 - raised as soon as the unit's place is free
            return unit, error

    def _leave(self, unit: str) -> None:
        place = self._place.pop(unit)
        if place not in self._lost or not (self._free or self._place):
            self._free.append(place)
        if self._alone is not None:
            self._alone.close()
            self._alone = None
        elif (thread := self._threads.pop(unit, None)) is not None:
            thread.join()

    def _follow(self, unit: WorkUnit) -> None:
        """Pass on what a unit tells, in a thread of its own; its exit is the last."""
        try:
            with closing(self._executor.submit(unit)) as told:
                for each in told:
                    self._told.put((unit.id, each))
                    if isinstance(each, Exit):
                        return
            self._told.put((unit.id, Exit(unit.id, 1)))
        except BaseException as error:  # noqa: BLE001 - raised in the thread that schedules
            self._told.put((unit.id, error))

    def __enter__(self) -> Self:
        """Return the crew."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End what is still running and wait until it has ended."""
        if self._alone is not None:
            self._alone.close()
        if self._threads:
            self._executor.interrupt()
        for thread in self._threads.values():
            thread.join()
