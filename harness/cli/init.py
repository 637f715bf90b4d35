"""``harness init [DIR]``: the files with which an experiment of one's own begins."""

import argparse
import shlex
from pathlib import Path

from harness.spec.files import label
from harness.suites import starter


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the verb's arguments."""
    parser.add_argument("folder", nargs="?", type=Path, default=Path(), metavar="DIR", help="where to (default: here)")


def run(args: argparse.Namespace) -> int:
    """Write the files; print them and what to type next."""
    spec, *others = starter.write(args.folder.expanduser())
    named = shlex.quote(label(spec.resolve()))
    print(f"wrote {label(spec.resolve())}, an experiment that runs as it is, and what it names:")
    for path in others:
        print(f"  {label(path.resolve())}")
    print("put your own model, rows, recipes and questions in their places; the $comment keys say how")
    print(f"next: harness validate {named}\n      harness plan {named}\n      harness run {named}")
    return 0
