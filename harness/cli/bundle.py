"""``harness bundle RUN``: a run's records, scores and verdict as one file that others can verify."""

import argparse
from pathlib import Path

from harness import api
from harness.paths import file_sha256


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the verb's arguments."""
    parser.add_argument("folder", type=Path, metavar="RUN", help="a run folder, such as runs/gap")
    parser.add_argument("--out", type=Path, metavar="FILE", help="the bundle (default: NAME.bundle.tar.xz)")
    parser.add_argument(
        "--include-items",
        nargs="+",
        default=[],
        metavar="TASK",
        help="suites whose items go into the bundle although their licence keeps them back",
    )


def run(args: argparse.Namespace) -> int:
    """Write the bundle; print where it is, its checksum and what is not in it."""
    path, left_out = api.bundled(args.folder, out=args.out, include_items=args.include_items)
    print(f"{path}: {path.stat().st_size:,} bytes, SHA-256 {file_sha256(path)}")
    for task in sorted(left_out):
        print(f"items of {task} are left out, as its licence asks (--include-items {task} puts them in)")
    print(f"`harness verify {path}` judges its scores anew")
    return 0
