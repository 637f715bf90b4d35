"""``harness doctor``: whether this machine can run harness, and what it would have to fetch."""

import argparse
import json
from dataclasses import asdict

from harness.cli.hush import hush

_FAILED = 1


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the verb's arguments."""
    parser.add_argument("--json", action="store_true", help="print JSON")


def run(args: argparse.Namespace) -> int:
    """Print one line a check; exit 1 if any failed (a warning is no failure)."""
    hush()

    from harness.cli.checkups import findings

    found = []
    for finding in findings():
        found.append(finding)
        if not args.json:
            print(f"{finding.status:4}  {finding.what}: {finding.detail}", flush=True)
    if args.json:
        print(json.dumps([asdict(finding) for finding in found], indent=2))
    return _FAILED if any(finding.status == "fail" for finding in found) else 0
