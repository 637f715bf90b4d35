"""Inject faults in numbers: ``PYTHONPATH=tests python -m faults --kills 200``, or again those of a file of faults."""

import argparse
import collections
import itertools
import json
import os
import sys
import tempfile
from dataclasses import asdict
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("HARNESS_TRUST_CODE", str(Path(tempfile.gettempdir()).resolve()))

from faults import damages, kills
from faults.grid import Grid, make_grid, note


def main() -> int:
    """Inject them, print a table of what came of it, and return 1 where anything was wrong."""
    parser = argparse.ArgumentParser(prog="python -m faults", description=__doc__)
    parser.add_argument("--kills", type=int, default=0, help="kills that meet their target")
    parser.add_argument("--damages", type=int, default=0, help="damages to artefacts, -1 for every one")
    parser.add_argument("--seed", type=int, default=0, help="of what is drawn (0)")
    parser.add_argument(
        "--faults", type=Path, default=Path("faults.jsonl"), help="where each is noted before it is injected"
    )
    parser.add_argument("--replay", type=Path, help="inject those of such a file again")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="faults-") as temporary:
        folder = Path(temporary)
        grid = make_grid(folder / "grid")
        wrong = 0
        if args.replay:
            noted = [json.loads(line) for line in args.replay.read_text("utf-8").splitlines()]
            wrong += _kills(_again(grid, [kills.Kill(**each) for each in noted if "chain" in each], folder))
            wrong += _damages(grid, [damages.Damage(**each) for each in noted if "damage" in each], folder)
            return min(wrong, 1)
        if args.damages:
            count = None if args.damages < 0 else args.damages
            wrong += _damages(grid, damages.damages(count, args.seed), folder, args.faults)
        if args.kills:
            wrong += _kills(kills.chains(grid, args.kills, folder, args.faults, seed=args.seed))
        return min(wrong, 1)


def _again(grid, noted, folder):
    for number, chain in itertools.groupby(noted, key=lambda kill: kill.chain):
        yield kills.tried(grid, list(chain), folder / f"chain-{number}")


def _damages(grid: Grid, drawn, folder: Path, faults: Path | None = None) -> int:
    """Try damages and return how many did not end rightly."""
    counts = collections.Counter()
    for number, each in enumerate(drawn):
        if faults is not None:
            note(faults, asdict(each))
        told = damages.tried(grid, each, folder / f"damage-{number}")
        counts[told.outcome] += 1
        shown = told.printed if told.outcome in damages.FAULTS else ""
        sys.stdout.write(f"{each.kind}, {each.state}, {each.damage}: {told.outcome}\n{shown}")
        sys.stdout.flush()
    sys.stdout.write(
        f"damages {sum(counts.values())}: {', '.join(f'{n} {name}' for name, n in sorted(counts.items()))}\n"
    )
    return sum(counts[each] for each in damages.FAULTS)


def _kills(chains) -> int:
    met, commands, wrong, tracebacks, orphans = 0, 0, [], 0, 0.0
    for chain in chains:
        met, commands = met + len(chain.kills), commands + chain.commands
        orphans = max(orphans, chain.orphans)
        tracebacks += any("Traceback" in fault for fault in chain.faults)
        wrong += [chain] if chain.faults else []
        said = "; ".join(chain.faults) or "right"
        sys.stdout.write(f"chain {chain.number}: {len(chain.kills)} kills, {chain.commands} commands: {said}\n")
        sys.stdout.flush()
    sys.stdout.write(
        f"kills {met}, commands {commands}, tracebacks {tracebacks}, chains that were not right {len(wrong)}, "
        f"longest orphan {orphans:.1f} s\n"
    )
    return len(wrong)


if __name__ == "__main__":
    sys.exit(main())
