"""A clock that goes back, that is years off, or that differs between commands of one run.

Every process of a command is given the clock by a `sitecustomize` that Python imports as it starts.
"""

import os
import random
import subprocess
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from faults.grid import RUN, Grid, Told, losses, ran, report, uncaught
from faults.kills import met
from helpers.commands import ROOT, ended, start, stop

CLOCK = """
import os
import time

_real, _calls = time.time, 0
_step, _every = float(os.environ["CLOCK_STEP"]), int(os.environ["CLOCK_EVERY"])


def _shifted():
    global _calls
    _calls += 1
    return _real() + _step * (1 + (_calls // _every if _every else 0))


time.time = _shifted
time.time_ns = lambda: int(_shifted() * 1e9)
"""
HOUR, YEAR = 3600.0, 365.25 * 86400
STEPS = (-1.0, -HOUR, -YEAR, -60 * YEAR, HOUR, 40 * YEAR)
MOMENTS = ("began", "trained", "scored", "finished", "judged")
"""Steps of a clock, in seconds; 60 years back is before the epoch."""


@dataclass(frozen=True)
class Clock:
    """A clock that is off by `step` seconds.

    With `every`, it is off by as much more after so many looks at it. With a `moment`, it is right until a command is
    killed there, and off for the one that goes on.
    """

    step: float
    every: int = 0
    moment: str = ""


def clocks(count: int | None = None, seed: int = 0) -> list[Clock]:
    """Return every clock, or as many drawn from them."""
    found = [
        *(Clock(step, every) for step in STEPS[:3] for every in (0, 1, 7)),
        *(Clock(step, moment=moment) for step in STEPS for moment in MOMENTS),
        Clock(40 * YEAR),
    ]
    return found if count is None else random.Random(seed).sample(found, min(count, len(found)))


def behind(folder: Path, seconds: float, every: int = 0) -> Mapping[str, str]:
    """Return the environment of a command whose clock is so far behind; what does that is written into the folder."""
    folder.mkdir(exist_ok=True)
    (folder / "sitecustomize.py").write_text(CLOCK)
    path = os.pathsep.join([str(folder), str(ROOT)])
    return {"PYTHONPATH": path, "CLOCK_STEP": str(-seconds), "CLOCK_EVERY": str(every)}


def tried(grid: Grid, clock: Clock, folder: Path) -> Told:
    """Run the grid's command by that clock in an empty folder, killed first where that is said."""
    folder.mkdir(parents=True)
    run = folder / RUN
    if clock.moment:
        _killed(start(grid.spec, folder), run, clock.moment)
    said = ended(start(grid.spec, folder, **behind(folder / "clock", -clock.step, clock.every)))
    code, again = ran(grid, run)
    printed = said.out + said.err + again
    if uncaught(printed):
        return Told(clock, "traceback", printed)
    if said.code or code:
        return Told(clock, "unnamed", f"exit codes {said.code}, {code}\n{printed}")
    if report(said.out) != report(again):
        return Told(clock, "silent", printed)
    found = losses(grid, run)
    return Told(clock, "lost" if found else "right", "\n".join(found))


def _killed(command: subprocess.Popen, run: Path, moment: str) -> None:
    while not met(run, moment) and command.poll() is None:
        time.sleep(0.01)
    stop(command)
