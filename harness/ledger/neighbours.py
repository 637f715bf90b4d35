"""The run folders beside one: which cells lie in them, and in which of them somebody is at work.

All of them are listed once. Afterwards only those in which somebody was at work then are asked for a cell: who comes to
work in another says so by the time of the folder above (see `harness.ledger.presence`), and they are listed again. That
time is believed once it is as old as a clock's coarsest tick; where whoever came could not set it, a cell may be
computed twice.
"""

import contextlib
import time
from collections.abc import Iterator
from pathlib import Path

from harness.ledger.claims import Claims
from harness.ledger.presence import someone_is_at_work

_SETTLED = 2e9
"""Nanoseconds after which a folder's time tells of every change: some file systems count whole seconds."""


class Neighbours:
    """The run folders beside `folder`."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._cells: dict[str, list[Path]] = {}
        self._at_work: list[Path] = []
        self._seen: int | None = None

    def having(self, cell: str) -> list[Path]:
        """Return the folders of a cell in runs beside this one, in the order of their names."""
        self._look()
        found = {*self._cells.get(cell, ()), *(each / "cells" / cell for each in self._at_work)}
        return sorted(each for each in found if each.exists())

    def computing(self, claim: str) -> bool:
        """Tell whether somebody holds a claim of this name in a run beside this one."""
        self._look()
        return any(Claims(each).is_held(claim) for each in self._at_work)

    def _look(self) -> None:
        """List what lies beside, unless nobody has come since it was listed."""
        above = self._folder.parent
        changed, now = above.stat().st_mtime_ns, time.time_ns()
        if changed == self._seen:
            return
        self._cells, self._at_work = {}, []
        for run in _runs(above, self._folder):
            for cell in _names(run / "cells"):
                self._cells.setdefault(cell, []).append(run / "cells" / cell)
            if someone_is_at_work(run):
                self._at_work.append(run)
        self._seen = changed if now - changed > _SETTLED else None


def _runs(above: Path, mine: Path) -> Iterator[Path]:
    own = mine.resolve()
    for name in _names(above):
        if (above / name).is_dir() and (above / name).resolve() != own:
            yield above / name


def _names(folder: Path) -> list[str]:
    with contextlib.suppress(OSError):
        return sorted(each.name for each in folder.iterdir())
    return []
