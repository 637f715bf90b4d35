"""``harness schema``: the JSON Schemas of the files that harness reads and writes."""

import argparse

from harness.declarations import shipped

KINDS = ("experiment", "recipe", "verdict")


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the verb's arguments."""
    parser.add_argument("kind", nargs="?", choices=KINDS, default="experiment", help="default: experiment")


def run(args: argparse.Namespace) -> int:
    """Print one schema."""
    print((shipped("specs") / "schema" / f"{args.kind}.schema.json").read_text(encoding="utf-8"), end="")
    return 0
