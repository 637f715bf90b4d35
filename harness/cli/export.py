"""``harness export RUN``: a run's scores in the format of another program."""

import argparse
import time
from pathlib import Path

from harness import api

FORMATS = ("every-eval-ever",)


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the verb's arguments."""
    parser.add_argument("folder", type=Path, metavar="RUN", help="a run folder, such as runs/gap, or a bundle")
    parser.add_argument("--format", choices=FORMATS, required=True, help="whose format")
    parser.add_argument("--out", type=Path, required=True, metavar="FOLDER", help="where its files are written")


def run(args: argparse.Namespace) -> int:
    """Write the files; print how many there are and whose items are not in them."""
    from harness.bundle.every_eval_ever import export

    with api.opened(args.folder) as found:
        exported = export(found.files, args.out, now=int(time.time()))
    print(f"{args.out}: {len(exported.files)} files")
    for task, licence in exported.kept_back.items():
        print(f"items of {task} are left out, as its licence asks: {licence}")
    return 0
