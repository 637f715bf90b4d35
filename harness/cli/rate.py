"""``harness rate``: experts rate pairs of generated answers without names, and their marks are judged."""

import argparse
from pathlib import Path

from harness import api
from harness.cli.formats import add_format_option, rendered


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the verb's actions."""
    actions = parser.add_subparsers(dest="action", metavar="{export,import}", required=True)
    export = actions.add_parser("export", help="write pairs of answers as a CSV file and a page, and the key apart")
    export.add_argument("folder", type=Path, metavar="RUN", help="a run folder, such as runs/gap")
    export.add_argument("--out", type=Path, required=True, metavar="FOLDER", help="what raters get is written there")
    export.add_argument("--key", type=Path, metavar="FILE", help="which recipe is which (default: FOLDER.key.json)")
    export.add_argument("--suite", metavar="TASK", help="the suite, where several have generated answers")
    export.add_argument(
        "--candidate", action="append", default=[], metavar="NAME", help="beside the reference (repeatable); or base"
    )
    export.add_argument(
        "--items", type=int, metavar="N", help="questions, a pair each for every candidate (40, or all of fewer)"
    )
    export.add_argument("--seed", type=int, default=0, help="draws the questions, their order and their sides (0)")
    export.add_argument(
        "--these-models",
        action="store_true",
        help="the marks are to speak of these trained models, not of recipes: training seeds are no draw from more",
    )
    export.add_argument(
        "--include-items",
        nargs="+",
        default=[],
        metavar="TASK",
        help="suites whose items raters may see although their licence keeps them back",
    )
    back = actions.add_parser("import", help="agreement of raters, and each mark with its interval")
    back.add_argument("key", type=Path, metavar="KEY", help="the key that the export wrote")
    back.add_argument("files", type=Path, nargs="+", metavar="FILE", help="what a rater saved or filled in, one each")
    add_format_option(back)


def run(args: argparse.Namespace) -> int:
    """Write what raters get, or judge what they gave back."""
    return _export(args) if args.action == "export" else _import(args)


def _export(args: argparse.Namespace) -> int:
    made = api.rate_export(
        args.folder,
        args.out,
        key=args.key,
        suite=args.suite,
        candidates=args.candidate,
        items=args.items,
        seed=args.seed,
        these_models=args.these_models,
        include_items=args.include_items,
    )
    seeds = ", ".join(map(str, made.training_seeds))
    print(f"{made.pairs} pairs of answers to {made.task}, from training seeds {seeds}, drawn with seed {args.seed}")
    print(f"raters get {made.page} or {made.sheet}, as they like; each gives back one file")
    print(f"{made.key} says which recipe is which: keep it from them")
    if made.identical:
        print(f"{made.identical} pairs say the same on both sides: they are pairs like any other")
    print(f"next: harness rate import {made.key} FILE...")
    return 0


def _import(args: argparse.Namespace) -> int:
    from harness.ratings.document import ratings_document

    print(rendered(ratings_document(api.rate_import(args.key, args.files)), args.format))
    return 0
