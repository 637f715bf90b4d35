"""``harness push RUN --to OWNER/NAME``: a run's adapters, cards and bundle as a repository on the hub."""

import argparse
from pathlib import Path

from harness import api


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the verb's arguments."""
    parser.add_argument("folder", type=Path, metavar="RUN", help="a run folder, such as runs/gap")
    parser.add_argument("--to", required=True, metavar="OWNER/NAME", help="the repository; it is made if need be")
    parser.add_argument("--public", action="store_true", help="a repository that is made is public (default: private)")
    parser.add_argument("--licence", metavar="ID", help="the adapters' licence, as the hub names it: apache-2.0")
    parser.add_argument("--dry-run", action="store_true", help="say what would be pushed, and push nothing")


def run(args: argparse.Namespace) -> int:
    """Push, or say what would be; print each file, and what is kept back."""
    pushed = api.push(args.folder, args.to, public=args.public, licence=args.licence, dry_run=args.dry_run)
    for name, size in pushed.files.items():
        print(f"{size:>14,}  {name}")
    for task, licence in pushed.kept_back.items():
        print(f"items of {task} stay here, as its licence asks: {licence}")
    count = f"{len(pushed.files)} files, {pushed.size:,} bytes"
    print(f"{count} would go to {pushed.repository}" if pushed.url is None else f"{count} are at {pushed.url}")
    return 0
