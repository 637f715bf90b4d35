"""``harness verify``: whether the verdict in a bundle, or the promotion in a run folder, follows from its scores."""

import argparse
import json
from pathlib import Path

from harness import api
from harness.codec import encode

DIFFERS = 1


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the verb's arguments."""
    parser.add_argument(
        "file",
        type=Path,
        metavar="BUNDLE|RUN",
        help="a file that harness bundle wrote, or a run that was promoted from",
    )
    parser.add_argument("--json", action="store_true", help="print what was found as JSON")


def run(args: argparse.Namespace) -> int:
    """Judge again and print what differs; exit 1 where anything does."""
    if args.file.is_dir():
        return _promotion(args)
    found = api.verify(args.file)
    if args.json:
        print(json.dumps({"same": found.same, **encode(found)}, indent=2, ensure_ascii=False))
        return 0 if found.same else DIFFERS
    print(f"{args.file}: run {found.run}, SHA-256 {found.sha256}")
    for each in found.differences:
        print(f"  {each}")
    for each in found.rounding:
        print(f"  in the last digits, as other versions of numerical libraries make them: {each}")
    if found.kept_back:
        print(f"items of {', '.join(found.kept_back)} are not in it, as their licences ask; their scores are")
    print(_said(found.same, exactly=not found.rounding))
    return 0 if found.same else DIFFERS


def _promotion(args: argparse.Namespace) -> int:
    """Decide again what a run folder's promotion says."""
    found = api.verify_promotion(args.file)
    if args.json:
        print(json.dumps({"same": found.same, **encode(found)}, indent=2, ensure_ascii=False))
        return 0 if found.same else DIFFERS
    print(f"{args.file}: {found.choice}{f' {found.arm}' if found.arm else ''}, of run {found.run}")
    for each in found.differences:
        print(f"  {each}")
    print("the same: its scores give its decision" if found.same else _said(same=False, exactly=True))
    return 0 if found.same else DIFFERS


def _said(same: bool, *, exactly: bool) -> str:  # noqa: FBT001 - the two words of one sentence
    if not same:
        return "NOT THE SAME: it was changed, or what it says does not follow from its scores"
    return "the same: its scores give its verdict" + (", to the byte" if exactly else " but for the last digits")
