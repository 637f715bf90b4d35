"""``harness export RUN``: a cell's model as a folder that others serve, or a run's scores in another's format."""

import argparse
import time
import warnings
from pathlib import Path

from harness import api
from harness.cli._common import add_consent_option, quiet_imports
from harness.errors import UsageError
from harness.extras import missing

FORMATS = ("every-eval-ever",)


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the verb's arguments."""
    parser.add_argument("folder", type=Path, metavar="RUN", help="a run folder, such as runs/gap (scores: or a bundle)")
    parser.add_argument(
        "cell", nargs="?", metavar="CELL", help="whose model: as `harness ls RUN` names it, or without hash"
    )
    parser.add_argument("--format", choices=FORMATS, help="instead of a model, the run's scores, in this format")
    parser.add_argument("--out", type=Path, required=True, metavar="FOLDER", help="where its files are written")
    group = parser.add_argument_group("of a model")
    group.add_argument("--merged", action="store_true", help="fold the adapter into the base's weights")
    group.add_argument("--items", type=int, metavar="N", help="scored items that are scored again from the folder (16)")
    group.add_argument(
        "--tolerance",
        type=float,
        metavar="X",
        help="by how much a log-likelihood, in nats, or a score may differ (0.02)",
    )
    group.add_argument("--device", default="cpu", metavar="DEVICE", help="where it is merged and scored again (cpu)")
    add_consent_option(parser)


def run(args: argparse.Namespace) -> int:
    """Write the files; print what they are."""
    if (args.cell is None) == (args.format is None):
        raise UsageError("name a CELL to export its model, or --format to export the run's scores: one of the two.")
    return _scores(args) if args.cell is None else _model(args)


def _scores(args: argparse.Namespace) -> int:
    if args.merged or args.items is not None or args.tolerance is not None:
        raise UsageError("--merged, --items and --tolerance are of a model: name its CELL instead of a --format.")
    from harness.bundle.every_eval_ever import export

    with api.opened(args.folder) as found:
        exported = export(found.files, args.out, now=int(time.time()))
    print(f"{args.out}: {len(exported.files)} files")
    for task, licence in exported.kept_back.items():
        print(f"items of {task} are left out, as its licence asks: {licence}")
    return 0


def _model(args: argparse.Namespace) -> int:
    _quietly()
    made = api.export_model(
        args.folder,
        args.cell,
        args.out,
        merged=args.merged,
        items=args.items,
        tolerance=args.tolerance,
        device=args.device,
    )
    for name, size in made.files.items():
        print(f"{size:>14,}  {name}")
    print(f"{made.folder}: {'an adapter' if made.form == 'adapter' else 'a whole model'} of {made.size:,} bytes")
    print(f"loaded again, {made.agreement}")
    return 0


def _quietly() -> None:
    """Leave transformers' bars and what it will change one day out of what is printed."""
    quiet_imports()
    warnings.simplefilter("ignore", FutureWarning)
    if not missing("run"):
        from transformers.utils import logging

        logging.disable_progress_bar()
