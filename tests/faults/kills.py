"""Kills of real commands and of their processes at named and random moments, and the same command again until it ends.

A chain is one run folder: each kill of it is of the command that goes on where the last one was killed. It is right if
the verdict has the bytes of the undisturbed run's, no finished cell was begun again, and nothing printed a traceback.
"""

import contextlib
import os
import random
import signal
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

import psutil

from faults.grid import Grid, losses, note
from faults.record import Record
from helpers.commands import ended, start, stop

CAMPAIGN = "kills"
SIGNALS = ("SIGKILL", "SIGTERM", "SIGINT")
TARGETS = ("parent", "worker", "server", "group")
MOMENTS = {
    "started": '"event": "started"',
    "began": '"event": "began"',
    "evaluated": '"event": "evaluated"',
    "finished": '"event": "finished"',
    "judged": '"event": "judged"',
    "log": "log.txt",
    "registered": "claims/command-*.json",
    "unit": "cells/*/unit.json",
    "adapter": "cells/*/adapter/adapter_model.safetensors",
    "checkpoint": "cells/*/checkpoint/training/checkpoint.json",
    "resumed": '"event": "resumed"',
    "trained": "cells/*/training.json",
    "samples": "cells/*/eval/*/samples_*",
    "scored": "cells/*/eval/*/evaluation.json",
    "result": "cells/*/result.json",
    "writing": "cells/*/.*",
}
"""What a command adds to its run folder: a journal's event, or a file."""
OFTEN = ("began", "unit", "checkpoint", "adapter", "trained", "samples", "scored", "result", "finished", "evaluated")
PATIENCE = 1800.0
TRIES = 6


@dataclass(frozen=True)
class Kill:
    """A `signal` to a `target`, `delay` seconds after the command has added `nth` of what `moment` names."""

    chain: int
    target: str
    signal: str
    moment: str
    nth: int
    delay: float


@dataclass
class Chain:
    """What came of a chain of kills; `kills` counts those that met their target."""

    number: int
    kills: list[Kill] = field(default_factory=list)
    commands: int = 0
    faults: list[str] = field(default_factory=list)
    orphans: float = 0.0
    """The longest that a process outlived a killed command, in seconds."""


def drawn(chain: int, seed: int = 0, length: int = 8) -> list[Kill]:
    """Draw the kills of a chain; the same chain and seed give the same."""
    rng = random.Random(f"{seed} {chain}")
    return [
        Kill(
            chain=chain,
            target=rng.choice(TARGETS),
            signal=rng.choice(SIGNALS),
            moment=rng.choice(OFTEN if rng.random() < 0.8 else tuple(MOMENTS)),
            nth=rng.choice((1, 1, 1, 2)),
            delay=round(rng.choice((0.0, rng.uniform(0, 0.05), rng.uniform(0, 1))), 4),
        )
        for _ in range(length)
    ]


def tried(grid: Grid, kills: Sequence[Kill], folder: Path, faults: Path | None = None) -> Chain:
    """Inject kills one after another into one run below an empty folder, let it end, and look at what it came to."""
    folder.mkdir(parents=True)
    chain = Chain(kills[0].chain)
    with _Commands(grid, folder, chain) as commands:
        for kill in kills:
            if faults is not None:
                note(faults, asdict(kill))
            if not commands.injected(kill):
                break
        commands.finish()
    if not chain.faults:
        chain.faults += losses(grid, commands.run)
    return chain


class _Commands:
    """The commands of one chain, one at a time."""

    def __init__(self, grid: Grid, folder: Path, chain: Chain) -> None:
        self.run = folder / "runs" / grid.name
        self._grid, self._folder, self._chain = grid, folder, chain
        self._process = None
        self._done = False

    def injected(self, kill: Kill) -> bool:
        """Inject a kill, into a new command where none is running; False where the run ended without it."""
        if self._process is None:
            self._start()
        wanted = met(self.run, kill.moment) + kill.nth
        if not self._waited(lambda: met(self.run, kill.moment) >= wanted):
            return not self._done
        time.sleep(kill.delay)
        if not self._waited(lambda: _target(self._process.pid, kill.target) is not None):
            return not self._done
        family = _family(self._process.pid)
        if not _send(self._process.pid, kill):
            return True
        self._chain.kills.append(kill)
        if kill.target in {"parent", "group"}:
            self._ended(str(kill))
            self._look_at_orphans(family)
        return True

    def finish(self) -> None:
        """Let the run come to its end."""
        for _ in range(TRIES):
            if self._done or self._chain.faults:
                return
            if self._process is None:
                self._start()
            self._ended("undisturbed")
        if not self._done:
            self._chain.faults.append(f"not done after {TRIES} commands that nothing disturbed")

    def _start(self) -> None:
        self._process = start(self._grid.spec, self._folder, "--retry-failed")
        self._chain.commands += 1

    def _waited(self, holds) -> bool:
        """Wait until something holds; False where the command ends before that."""
        until = time.monotonic() + PATIENCE
        while not holds():
            if self._process.poll() is not None:
                self._ended("ended before the kill")
                return False
            if time.monotonic() > until:
                self._chain.faults.append("stuck")
                return False
            time.sleep(0.01)
        return True

    def _ended(self, what: str) -> None:
        process, self._process = self._process, None
        try:
            said = ended(process, PATIENCE)
        except Exception as error:  # noqa: BLE001 - noted as what went wrong
            self._chain.faults.append(f"{what}: {type(error).__name__}: {error}")
            return
        self._done = said.code == 0
        self._chain.faults += [
            f"{what}: {word}: {said.err[-600:]}"
            for word in ("Traceback", "a bug in harness")
            if word in said.out + said.err
        ]

    def _look_at_orphans(self, family: list[psutil.Process]) -> None:
        since = time.monotonic()
        _, alive = psutil.wait_procs(family, timeout=60)
        self._chain.orphans = max(self._chain.orphans, time.monotonic() - since)
        self._chain.faults += [f"still alive after 60 s: {each}" for each in alive]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self._process is not None:
            stop(self._process)


def met(run: Path, moment: str) -> int:
    """Count how often a run folder has a moment's event or file."""
    what = MOMENTS[moment]
    if not what.startswith('"'):
        return sum(1 for _ in run.glob(what))
    with contextlib.suppress(FileNotFoundError):
        return sum(file.read_bytes().count(what.encode()) for file in run.glob("journal*.jsonl"))
    return 0


def _target(command: int, target: str) -> int | None:
    """Return the process that is meant: the command's own, one that waits to fork, or one that was forked."""
    if target in {"parent", "group"}:
        return command
    with contextlib.suppress(psutil.NoSuchProcess):
        servers = psutil.Process(command).children()
        found = servers if target == "server" else [each for one in servers for each in one.children()]
        return found[0].pid if found else None
    return None


def _family(command: int) -> list[psutil.Process]:
    with contextlib.suppress(psutil.NoSuchProcess):
        return psutil.Process(command).children(recursive=True)
    return []


def _send(command: int, kill: Kill) -> bool:
    number = getattr(signal, kill.signal)
    with contextlib.suppress(ProcessLookupError):
        if kill.target == "group":
            os.killpg(command, number)
        elif (process := _target(command, kill.target)) is not None:
            os.kill(process, number)
        else:
            return False
        return True
    return False


def chains(
    grid: Grid, count: int, folder: Path, record: Record, draw: Callable[[int], list[Kill]], *, first: int = 0
) -> Iterator[Chain]:
    """Try chains, drawn by their number, until so many kills at least have met their targets.

    A chain that is known to have ended rightly is not tried again.
    """
    met, number = 0, first
    while met < count and not record.is_late():
        kills = draw(number)
        chain = _known(kills, record)
        if chain is None:
            chain = tried(grid, kills, folder / f"chain-{number}", record.faults)
            record.ends(CAMPAIGN, [asdict(each) for each in kills], asdict(chain))
        yield chain
        met, number = met + len(chain.kills), number + 1


def _known(kills: Sequence[Kill], record: Record) -> Chain | None:
    said = record.known(CAMPAIGN, [asdict(each) for each in kills])
    if said is None or said["faults"]:
        return None
    return Chain(**{**said, "kills": [Kill(**each) for each in said["kills"]]})
