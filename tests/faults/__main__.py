"""Inject faults in numbers: ``PYTHONPATH=tests python -m faults --kills 200``, or again those of a file of faults."""

import argparse
import itertools
import json
import os
import sys
import tempfile
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("HARNESS_TRUST_CODE", str(Path(tempfile.gettempdir()).resolve()))

from faults import kills
from faults.grid import make_grid


def main() -> int:
    """Inject them, print a table of what came of it, and return 1 where anything was wrong."""
    parser = argparse.ArgumentParser(prog="python -m faults", description=__doc__)
    parser.add_argument("--kills", type=int, default=0, help="kills that meet their target")
    parser.add_argument("--seed", type=int, default=0, help="of what is drawn (0)")
    parser.add_argument(
        "--faults", type=Path, default=Path("faults.jsonl"), help="where each is noted before it is injected"
    )
    parser.add_argument("--replay", type=Path, help="inject those of such a file again")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="faults-") as temporary:
        folder = Path(temporary)
        grid = make_grid(folder / "grid")
        if args.replay:
            return _kills(_again(grid, args.replay, folder))
        return _kills(kills.chains(grid, args.kills, folder, args.faults, seed=args.seed))


def _again(grid, file, folder):
    noted = [kills.Kill(**json.loads(line)) for line in file.read_text("utf-8").splitlines()]
    for number, chain in itertools.groupby(noted, key=lambda kill: kill.chain):
        yield kills.tried(grid, list(chain), folder / f"chain-{number}")


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
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
