"""Inject faults in numbers: ``PYTHONPATH=tests python -m faults --long``, or again those of a file of faults.

Each fault is noted in that file before it is injected, and ``--replay FILE`` injects them again. How each ended is
noted in a file beside it, so that the same command goes on where it was stopped; what ended wrongly is tried again.
"""

import argparse
import collections
import itertools
import json
import os
import signal
import sys
import tempfile
import traceback
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, fields
from functools import partial
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("HARNESS_TRUST_CODE", str(Path(tempfile.gettempdir()).resolve()))

from faults import clocks, damages, disks, elsewhere, kills, rights, several, tears
from faults.grid import FAULTS, RUN, Grid, Told, make_grid
from faults.record import Record

Drawn = Callable[[Grid, int | None, int], Sequence[Any]]


@dataclass(frozen=True)
class Campaign:
    """Faults of one kind: what draws them (None: every one) and what injects one into an empty folder."""

    name: str
    fault: type
    drawn: Drawn
    tried: Callable[[Grid, Any, Path], Told]
    long: int | None = None
    """How many the long mode injects, None for every one there is."""


def _runners(grid: Grid, count: int | None, seed: int) -> list[several.Runners]:
    del grid
    return several.drawn(6 if count is None else count, (2, 4), seed)


CAMPAIGNS = (
    Campaign("damages", damages.Damage, lambda _, count, seed: damages.damages(count, seed), damages.tried),
    Campaign("disks", disks.Room, disks.rooms, disks.tried),
    Campaign(
        "elsewhere",
        elsewhere.Elsewhere,
        lambda grid, count, seed: elsewhere.elsewhere(grid.folder, count, seed),
        lambda grid, fault, folder: elsewhere.tried(grid.folder, fault, folder),
    ),
    Campaign("rights", rights.Denied, lambda _, count, seed: rights.denials(count, seed), rights.tried),
    Campaign("clocks", clocks.Clock, lambda _, count, seed: clocks.clocks(count, seed), clocks.tried),
    Campaign("runners", several.Runners, _runners, several.tried, long=6),
    Campaign("tears", tears.Tear, lambda grid, count, seed: tears.of(grid.folder / RUN, count, seed), tears.tried),
)
KILLS = 200


def main() -> int:
    """Inject them, print a table of what came of it, and return 1 where anything was wrong."""
    parser = argparse.ArgumentParser(prog="python -m faults", description=__doc__)
    parser.add_argument("--kills", type=int, default=0, help="kills that meet their target, at least")
    parser.add_argument("--first", type=int, default=0, help="the first run that is killed, by its number (0)")
    parser.add_argument("--length", type=int, default=8, help="kills of one run (8)")
    parser.add_argument("--spec", type=Path, help="what is killed, such as quick, instead of a grid on stand-ins")
    for each in CAMPAIGNS:
        parser.add_argument(f"--{each.name}", type=int, default=0, help=f"so many of {each.name}, -1 for every one")
    parser.add_argument("--long", action="store_true", help=f"every one of them, and {KILLS} kills: hours")
    parser.add_argument("--seed", type=int, default=0, help="of what is drawn (0)")
    parser.add_argument(
        "--faults", type=Path, default=Path("faults.jsonl"), help="where each is noted before it is injected"
    )
    parser.add_argument("--minutes", type=float, help="begin nothing more after so many")
    parser.add_argument("--replay", type=Path, help="inject those of such a file again")
    args = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))  # disks are unmounted, folders removed
    record = Record(args.faults, args.minutes)
    with tempfile.TemporaryDirectory(prefix="faults-") as temporary:
        folder = Path(temporary)
        grid = make_grid(folder / "grid", args.spec)
        if args.replay:
            return min(_replayed(grid, folder, args.replay), 1)
        wrong = 0
        for each in CAMPAIGNS:
            count = (-1 if each.long is None else each.long) if args.long else getattr(args, each.name)
            if count:
                faults = each.drawn(grid, None if count < 0 else count, args.seed)
                wrong += _injected(each, grid, faults, folder, record)
        if count := KILLS if args.long else args.kills:
            drawn = partial(kills.drawn, seed=args.seed, length=args.length)
            wrong += _kills(kills.chains(grid, count, folder, record, drawn, first=args.first))
        return min(wrong, 1)


def _replayed(grid: Grid, folder: Path, file: Path) -> int:
    """Inject the faults of a file again; of which kind each is, its fields say."""
    noted = [json.loads(line) for line in file.read_text("utf-8").splitlines()]
    wrong = _kills(_again(grid, [kills.Kill(**each) for each in noted if "chain" in each], folder))
    for campaign in CAMPAIGNS:
        names = {field.name for field in fields(campaign.fault)}
        wrong += _injected(campaign, grid, [campaign.fault(**each) for each in noted if set(each) == names], folder)
    return wrong


def _again(grid: Grid, noted: Sequence[kills.Kill], folder: Path) -> Iterator[kills.Chain]:
    for number, chain in itertools.groupby(noted, key=lambda kill: kill.chain):
        yield kills.tried(grid, list(chain), folder / f"chain-{number}")


def _injected(campaign: Campaign, grid: Grid, faults: Sequence[Any], folder: Path, record: Record | None = None) -> int:
    """Inject faults, but those that are known to have ended rightly, and return how many did not."""
    counts, wrong = collections.Counter(), 0
    for number, each in enumerate(faults):
        if record is not None and record.is_late():
            break
        known = record.known(campaign.name, asdict(each)) if record is not None else None
        outcome = str(known["outcome"]) if known is not None else ""
        if not outcome or outcome in FAULTS:
            outcome = _one(campaign, grid, each, folder / f"{campaign.name}-{number}", record)
        counts[outcome] += 1
        wrong += outcome in FAULTS
    if counts:
        ended = ", ".join(f"{n} {name}" for name, n in sorted(counts.items()))
        sys.stdout.write(f"{campaign.name} {sum(counts.values())} of {len(faults)}: {ended}\n")
    return wrong


def _one(campaign: Campaign, grid: Grid, fault: Any, folder: Path, record: Record | None) -> str:
    """Inject a fault, note it before and after, and return how it ended."""
    if record is not None:
        record.begins(fault)
    try:
        told = campaign.tried(grid, fault, folder)
    except Exception:  # noqa: BLE001 - what escapes is what is looked for
        told = Told(fault, "traceback", traceback.format_exc())
    shown = told.shown if told.wrong else ""
    if record is not None:
        record.ends(campaign.name, asdict(fault), {"outcome": told.outcome, "shown": shown})
    sys.stdout.write("\n".join(filter(None, [f"{json.dumps(asdict(fault))}: {told.outcome}", shown])) + "\n")
    sys.stdout.flush()
    return told.outcome


def _kills(chains: Iterable[kills.Chain]) -> int:
    met, commands, wrong, tracebacks, orphans = 0, 0, 0, 0, 0.0
    for chain in chains:
        met, commands = met + len(chain.kills), commands + chain.commands
        orphans = max(orphans, chain.orphans)
        tracebacks += any("Traceback" in fault for fault in chain.faults)
        wrong += bool(chain.faults)
        said = "; ".join(chain.faults) or "right"
        sys.stdout.write(f"chain {chain.number}: {len(chain.kills)} kills, {chain.commands} commands: {said}\n")
        sys.stdout.flush()
    if commands:
        sys.stdout.write(
            f"kills {met}, commands {commands}, tracebacks {tracebacks}, chains that were not right {wrong}, "
            f"longest orphan {orphans:.1f} s\n"
        )
    return wrong


if __name__ == "__main__":
    sys.exit(main())
