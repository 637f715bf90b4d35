"""Try many mutants: ``PYTHONPATH=tests python -m fuzz --count 10000``, or again those of a file of failures."""

import argparse
import collections
import json
import sys
from pathlib import Path

from fuzz.mutants import KINDS
from fuzz.trial import tried


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
    if args.replay:
        cases = [json.loads(line) for line in args.replay.read_text("utf-8").splitlines()]
        cases = [(case["kind"], case["seed"]) for case in cases]
    else:
        cases = [(kind, args.first + n) for n in range(args.count // len(KINDS)) for kind in KINDS]
    failed = [trial for trial in (tried(kind, seed) for kind, seed in cases) if trial.fault]
    if not args.replay:
        lines = (json.dumps({"kind": each.kind, "seed": each.seed, "fault": each.fault}) + "\n" for each in failed)
        args.failures.write_text("".join(lines), "utf-8")
    for each in failed:
        shown = each.printed[-3000:] if args.replay else each.printed.strip().rpartition("\n")[0].rpartition("\n")[2]
        sys.stdout.write(f"{each.kind} {each.seed}: {each.fault}: {shown}\n")
    counts = collections.Counter(kind for kind, _ in cases)
    sys.stdout.write(f"{len(cases)} mutants ({dict(counts)}), {len(failed)} failed\n")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
