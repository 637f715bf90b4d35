"""``harness schema``: the JSON Schemas of the files that harness reads and writes."""

import argparse
import json

from harness.spec.schema import bundled, names


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the verb's arguments."""
    parser.add_argument("kind", nargs="?", choices=names(), default="experiment", help="default: experiment")


def run(args: argparse.Namespace) -> int:
    """Print one schema that stands alone: what it refers to is part of it."""
    print(json.dumps(bundled(args.kind), indent=1))
    return 0
