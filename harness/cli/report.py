"""``harness report RUN``: scores, costs and verdicts of a run again, from its ledger."""

import argparse
from pathlib import Path

from harness import api
from harness.records import CellFailure

FAILED_CELLS = 3


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the verb's arguments."""
    parser.add_argument("folder", type=Path, metavar="RUN", help="a run folder, such as runs/gap")


def run(args: argparse.Namespace) -> int:
    """Judge and print again; nothing is trained or scored."""
    return print_report(api.load_run(args.folder))


def print_report(run: api.Run) -> int:
    """Print scores, costs and verdicts, write ``verdict.json`` and ``costs.json``, and return the exit code."""
    concluded = api.conclude(run)
    print(concluded.text)
    concluded.save()
    return FAILED_CELLS if any(isinstance(each, CellFailure) for each in run.results()) else 0
