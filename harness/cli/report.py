"""``harness report RUN``: scores, costs and verdicts of a run again, from its ledger."""

import argparse
from pathlib import Path

from harness.ledger import read


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the verb's arguments."""
    parser.add_argument("folder", type=Path, metavar="RUN", help="a run folder, such as runs/gap")


def run(args: argparse.Namespace) -> int:
    """Judge and print again; nothing is trained or scored."""
    found = read(args.folder)

    from harness.cli.conclude import conclude

    return conclude(found)
