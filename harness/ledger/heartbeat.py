"""Claims by heartbeat: for a folder on a file system whose locks may not hold between machines.

The claim ``NAME`` is the file ``NAME.N.claim`` of the highest generation N. It is made with ``O_EXCL``, which a network
file system does at its server, so that one process alone makes each; its holder keeps raising a counter in it. Whoever
watches takes over by making generation N + 1 once the counter has stood still for a bound of seconds on its *own*
monotonic clock: no time is compared with another machine's. It holds the claim only if its generation is then the
highest. A holder that stood still itself, such as one that was suspended, finds a higher generation when it goes on,
and has lost the claim.
"""

import contextlib
import os
import secrets
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

SUFFIX = ".claim"

_LOOK = 0.1
"""Seconds between looks at a counter that is waited for."""
_WIDTH = 20
_FREE = "free"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rhythm:
    """Seconds between two beats of a holder, and for how many its counter must stand still to be taken over."""

    beat_seconds: float = 5.0
    bound_seconds: float = 60.0


class Watch:
    """For how long files have held the same, as this process has seen it."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._seen: dict[Path, tuple[bytes, float]] = {}
        self._guard = threading.Lock()

    def stood_still(self, path: Path, holds: bytes) -> float:
        """Return for how many seconds a file that now `holds` this has held it; 0 where it was not seen before."""
        now = self._clock()
        with self._guard:
            before, since = self._seen.get(path, (b"", now))
            since = since if before == holds else now
            self._seen[path] = holds, since
        return now - since


_watch = Watch()


class Generation:
    """One generation of a claim, which this process made."""

    def __init__(self, claims: "Heartbeats", name: str, number: int) -> None:
        self._claims, self._name, self._number = claims, name, number
        self._path = claims.path(name, number)
        self._token = secrets.token_hex(8)
        self._count = 0
        self._lost = False
        self._write(os.O_CREAT | os.O_EXCL, str(self._count))

    def still(self) -> bool:
        """Raise the counter and tell whether the claim is still held; once lost it stays lost.

        Raises OSError as the disk does, of which nothing follows.
        """
        if self._lost or not self._is_mine():
            self._lost = True
            return False
        self._count += 1
        with contextlib.suppress(FileNotFoundError):  # removed by whoever took over since
            self._write(0, str(self._count))
        return True

    def release(self) -> None:
        """Let anyone make the next generation at once."""
        if not self._lost:
            with contextlib.suppress(FileNotFoundError):
                self._write(0, _FREE)

    def _is_mine(self) -> bool:
        try:
            held = self._path.read_bytes()
        except FileNotFoundError:
            return False
        return held.startswith(self._token.encode()) and self._claims.highest(self._name) == self._number

    def _write(self, flags: int, word: str) -> None:
        handle = os.open(self._path, os.O_WRONLY | flags, 0o644)
        try:
            os.pwrite(handle, f"{self._token} {word:>{_WIDTH}}\n".encode(), 0)
            os.fsync(handle)
        finally:
            os.close(handle)


class Beating:
    """A generation whose counter a thread raises until it is released, or lost, which `on_lost` is told."""

    def __init__(self, generation: Generation, every: float, on_lost: Callable[[], None]) -> None:
        self._generation, self._every, self._on_lost = generation, every, on_lost
        self._one = threading.Lock()
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._beat, daemon=True, name="heartbeat")
        self._thread.start()

    def still(self) -> bool:
        """Look whether the claim is still held."""
        with self._one:
            return self._generation.still()

    def release(self) -> None:
        """Stop the thread and let go of the claim."""
        self._ended.set()
        self._thread.join()
        self._generation.release()

    def _beat(self) -> None:
        while not self._ended.wait(self._every):
            with contextlib.suppress(OSError):  # a server that is away may come back, and then tells who has the claim
                if not self.still():
                    self._on_lost()
                    return


def _nothing() -> None:
    """Do nothing about a claim that is lost: whoever holds it asks before it relies on it."""


@dataclass(frozen=True, slots=True)
class _Seen:
    """A generation by its number and file, and what that held when it was looked at."""

    number: int
    path: Path
    holds: bytes


@dataclass(frozen=True, slots=True)
class Heartbeats:
    """The claims by heartbeat in one folder, which need not exist, as one process sees them."""

    folder: Path
    rhythm: Rhythm = Rhythm()
    watch: Watch = field(default=_watch)
    on_lost: Callable[[], None] = _nothing

    def take(self, name: str) -> Beating | None:
        """Take a claim that is free, or whose holder has stood still, and keep it alive. Raises OSError."""
        made = self.make(name)
        return None if made is None else Beating(made, self.rhythm.beat_seconds, self.on_lost)

    def make(self, name: str) -> Generation | None:
        """Make the next generation of a claim that is free, or whose holder has stood still."""
        found = self._look(name)
        if found is not None and self._may_live(found):
            return None
        self.folder.mkdir(parents=True, exist_ok=True)
        number = 1 if found is None else found.number + 1
        try:
            made = Generation(self, name, number)
        except FileExistsError:  # another process was faster; what was listed may be old, too
            return None
        generations = self._generations(name)
        if max(generations, default=0) != number:
            self.path(name, number).unlink(missing_ok=True)
            return None
        for older in generations:
            if older < number:
                self.path(name, older).unlink(missing_ok=True)
        return made

    def is_held(self, name: str) -> bool:
        """Tell whether anyone may hold a claim: it is not free, and its holder was not seen to stand still."""
        found = self._look(name)
        return found is not None and self._may_live(found)

    def lives(self, name: str) -> bool:
        """Tell whether someone holds a claim, waiting until its counter is raised, or has stood still."""
        first = now = self._look(name)
        while now is not None and self._may_live(now):
            if now != first:
                return True
            time.sleep(min(_LOOK, self.rhythm.beat_seconds))
            now = self._look(name)
        return False

    def highest(self, name: str) -> int:
        """Return the highest generation that there is, 0 where there is none."""
        return max(self._generations(name), default=0)

    def names(self) -> list[str]:
        """Return the names that were ever taken."""
        return sorted({name for name, _ in self._all()})

    def forget(self, name: str) -> None:
        """Remove the files of a name that nobody will take again."""
        for number in self._generations(name):
            self.path(name, number).unlink(missing_ok=True)

    def path(self, name: str, number: int) -> Path:
        """Return the file of a generation."""
        return self.folder / f"{name}.{number}{SUFFIX}"

    def _look(self, name: str) -> "_Seen | None":
        """Return the highest generation, and what its file holds; None where there is none."""
        highest = self.highest(name)
        if not highest:
            return None
        try:
            return _Seen(highest, self.path(name, highest), self.path(name, highest).read_bytes())
        except FileNotFoundError:  # the next generation's holder has removed it
            return _Seen(highest, self.path(name, highest), b"")

    def _may_live(self, seen: "_Seen") -> bool:
        """Tell whether a generation is not free, and was not seen to stand still."""
        stood = self.watch.stood_still(seen.path, seen.holds)
        return not seen.holds.rstrip().endswith(_FREE.encode()) and stood < self.rhythm.bound_seconds

    def _generations(self, name: str) -> list[int]:
        return [number for each, number in self._all() if each == name]

    def _all(self) -> list[tuple[str, int]]:
        try:
            names = [each.name for each in self.folder.iterdir()]
        except FileNotFoundError:
            return []
        parts = [each.removesuffix(SUFFIX).rpartition(".") for each in names if each.endswith(SUFFIX)]
        return [(name, int(number)) for name, _, number in parts if number.isascii() and number.isdigit()]
