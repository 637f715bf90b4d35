"""Try many mutants: ``PYTHONPATH=tests python -m fuzz --count 10000``, or again those of a file of failures."""

import argparse
import collections
import json
import os
import sys
import tempfile
from pathlib import Path

from fuzz.mutants import HEAVY, KINDS, SHARE
from fuzz.trial import tried

SAID = 250
"""After so many, how far it is is said."""


def main() -> int:
    """Try them, print what failed, and return 1 where any did."""
    parser = argparse.ArgumentParser(prog="python -m fuzz", description=__doc__)
    parser.add_argument("--count", type=int, default=10_000, help="mutants of all kinds together (10000)")
    parser.add_argument("--first", type=int, default=0, help="the first seed (0)")
    parser.add_argument(
        "--failures", type=Path, default=Path("fuzz-failures.jsonl"), help="where those that fail are noted"
    )
    parser.add_argument("--replay", type=Path, help="try those of such a file again, and show what they print")
    args = parser.parse_args()
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    os.environ.setdefault("HARNESS_TRUST_CODE", str(Path(tempfile.gettempdir()).resolve()))
    if args.replay:
        cases = [json.loads(line) for line in args.replay.read_text("utf-8").splitlines()]
        cases = [(case["kind"], case["seed"]) for case in cases]
    else:
        each = args.count * SHARE // (SHARE * len(KINDS) + len(HEAVY))
        cases = [(kind, args.first + n) for n in range(each) for kind in (*KINDS, *(HEAVY if n % SHARE == 0 else ()))]
    failed = []
    for number, (kind, seed) in enumerate(cases, 1):
        trial = tried(kind, seed)
        if number % SAID == 0:
            sys.stdout.write(f"{number} of {len(cases)}, {len(failed)} failed\n")
            sys.stdout.flush()
        if not trial.fault:
            continue
        failed.append(trial)
        if not args.replay:
            with args.failures.open("a", encoding="utf-8") as noted:
                noted.write(json.dumps({"kind": trial.kind, "seed": trial.seed, "fault": trial.fault}) + "\n")
        shown = trial.printed[-3000:] if args.replay else trial.printed.strip().rpartition("\n")[0].rpartition("\n")[2]
        sys.stdout.write(f"{trial.kind} {trial.seed}: {trial.fault}: {shown}\n")
        sys.stdout.flush()
    counts = collections.Counter(kind for kind, _ in cases)
    sys.stdout.write(f"{len(cases)} mutants ({dict(counts)}), {len(failed)} failed\n")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
