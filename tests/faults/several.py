"""Several commands at work at once, some of which are killed and started again, in one folder or each in its own.

No cell is done twice, but where a killed command had begun it; every command comes to the undisturbed run's verdict,
and prints its report.
"""

import itertools
import random
import subprocess
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from faults.clocks import behind
from faults.grid import NAME, Grid, Told, lost, repeated, uncaught
from harness.ledger import RunFolder
from helpers.commands import Ended, ended, start, stop

PATIENCE = 600.0
CELLS = 5


@dataclass(frozen=True)
class Runners:
    """So many commands at once, in one folder or side by side, of which some are killed when others have begun.

    Each number of `killed_at` is of events in the journals, at which a command is killed and started again: the first
    is the first command's, and so on. `behind` are seconds by which each command's clock is behind the last one's.
    """

    runners: int
    side_by_side: bool
    killed_at: tuple[int, ...] = ()
    behind: float = 0.0


def drawn(count: int, runners: Sequence[int], seed: int = 0) -> list[Runners]:
    """Draw so many of each number of runners; the same seed gives the same."""
    rng = random.Random(seed)
    return [
        Runners(
            runners=each,
            side_by_side=number % 3 == 2,
            killed_at=tuple(sorted(rng.sample(range(2, 18), rng.randint(0, 3)))),
            behind=rng.choice((0.0, 0.0, 3600.0)),
        )
        for number in range(count)
        for each in runners
    ]


def tried(grid: Grid, runners: Runners, folder: Path) -> Told:
    """Start the commands in an empty folder, kill as noted, wait for all to end, and look at what they came to."""
    runners = Runners(runners.runners, runners.side_by_side, tuple(runners.killed_at), runners.behind)  # from a file
    folder.mkdir(parents=True)
    folders = [folder / "runs" / (f"{NAME}-{n}" if runners.side_by_side else NAME) for n in range(runners.runners)]
    every = list(dict.fromkeys(folders))
    commands = [_start(grid, folder, run, n, runners) for n, run in enumerate(folders)]
    try:
        for number, at in enumerate(runners.killed_at):
            which = number % len(commands)
            if not _waited(lambda at=at: _events(every) >= at, commands):
                break
            stop(commands[which])
            commands[which] = _start(grid, folder, folders[which], which, runners)
        said = [ended(each, PATIENCE) for each in commands]
    except subprocess.TimeoutExpired:
        return Told(runners, "stuck", "\n".join(each.files[1].read_text() for each in commands))
    finally:
        for each in commands:
            stop(each)
    return _told(grid, runners, every, said)


def _start(grid: Grid, folder: Path, run: Path, number: int, runners: Runners) -> subprocess.Popen:
    clock: Mapping[str, str] = behind(folder / "clock", runners.behind * number) if runners.behind else {}
    return start(grid.spec, folder, "--out", str(run), **clock)


def _waited(holds, commands) -> bool:
    until = time.monotonic() + PATIENCE
    while not holds() and time.monotonic() < until and any(each.poll() is None for each in commands):
        time.sleep(0.02)
    return holds()


def _events(runs: Sequence[Path]) -> int:
    return sum(file.read_bytes().count(b"\n") for run in runs for file in run.glob("journal*.jsonl"))


def _told(grid: Grid, runners: Runners, runs: Sequence[Path], said: Sequence[Ended]) -> Told:
    shown = "\n".join(f"exit code {each.code}: {each.err[-600:]}" for each in said)
    if any(uncaught(each.out + each.err) for each in said):
        return Told(runners, "traceback", shown)
    if any(each.code for each in said):
        return Told(runners, "unnamed", shown)
    if not runners.side_by_side and len({each.out for each in said}) > 1:
        return Told(runners, "silent", "\n".join(each.out for each in said))
    found = [*itertools.chain.from_iterable(lost(grid, run) for run in runs)]
    for run in runs:
        found += repeated(RunFolder(run), in_order=not runners.behind)
    begun: Counter[str] = Counter()
    for run in runs:
        begun.update(event["cell"] for event in RunFolder(run).journal.events() if event["event"] == "began")
    again = sum(begun.values()) - CELLS
    if again > len(runners.killed_at):
        found.append(f"{again} cells were done twice by {len(runners.killed_at)} kills")
    return Told(runners, "lost" if found else "right", "\n".join(found))
