"""``harness compare --inputs OLD NEW``: its options, and what it prints."""

import argparse
import json
from pathlib import Path

from harness import api
from harness.errors import UsageError


def add_input_options(parser: argparse.ArgumentParser) -> None:
    """Add what a comparison of inputs is told."""
    group = parser.add_argument_group("has the traffic shifted? Two files of prompts, a line each or a table's column")
    group.add_argument("--inputs", nargs=2, type=Path, metavar=("OLD", "NEW"), help="files of prompts")
    group.add_argument("--field", metavar="NAME", help="the column of .csv, .jsonl and .parquet files (prompt)")
    group.add_argument(
        "--model",
        metavar="SPEC|DIR",
        help="also how likely this base finds them: a spec's model, or a folder of one",
    )
    group.add_argument("--seed", type=int, metavar="N", help="draws resamples, splits and folds (0)")


def asks_for_inputs(args: argparse.Namespace, others: list[str]) -> bool:
    """Say whether inputs are to be compared. Raises `UsageError` beside what is for scores, and for what is missing."""
    own = {"--field": args.field, "--model": args.model, "--seed": args.seed}
    if args.inputs is None:
        alone = [name for name, value in own.items() if value is not None]
        if alone:
            raise UsageError(f"{', '.join(alone)}: for --inputs OLD NEW alone.")
        return False
    if others:
        raise UsageError(f"--inputs compares prompts, no scores; leave out {', '.join(others)}.")
    return True


def print_inputs(args: argparse.Namespace) -> int:
    """Compare two files of prompts and print what was found."""
    old, new = args.inputs
    found = api.compare_inputs(
        old,
        new,
        field=args.field,
        model=args.model,
        alpha=0.05 if args.alpha is None else args.alpha,
        seed=args.seed or 0,
    )
    if args.json:
        from harness.codec import encode

        said = {"look_again": found.look_again, "moved": list(found.moved), **encode(found)}
        print(json.dumps(said, indent=2, ensure_ascii=False, allow_nan=False))
        return 0
    from harness.cli.formats import rendered
    from harness.inputs.document import inputs_document

    print(rendered(inputs_document(found), "text"))
    return 0
