"""``harness verify``: whether the verdict in a bundle, or the promotion in a run folder, follows from its scores."""

import argparse
import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from harness import api
from harness.codec import encode

if TYPE_CHECKING:
    from harness.bundle.promotion import Rechecked
    from harness.bundle.verify import Verified

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
        decided = api.verify_promotion(args.file)
        return _print(decided, _of_promotion(args.file, decided), as_json=args.json)
    found = api.verify(args.file)
    return _print(found, _of_bundle(args.file, found), as_json=args.json)


def _print(found: "Verified | Rechecked", lines: Iterable[str], *, as_json: bool) -> int:
    if as_json:
        print(json.dumps({"same": found.same, **encode(found)}, indent=2, ensure_ascii=False))
    else:
        print("\n".join(lines))
    return 0 if found.same else DIFFERS


def _of_bundle(file: Path, found: "Verified") -> Iterator[str]:
    yield f"{file}: run {found.run}, SHA-256 {found.sha256}"
    yield from (f"  {each}" for each in found.differences)
    for each in found.rounding:
        yield f"  in the last digits, as other versions of numerical libraries make them: {each}"
    if found.kept_back:
        yield f"items of {', '.join(found.kept_back)} are not in it, as their licences ask; their scores are"
    yield _said(found.same, exactly=not found.rounding)


def _of_promotion(folder: Path, found: "Rechecked") -> Iterator[str]:
    yield f"{folder}: {found.choice}{f' {found.arm}' if found.arm else ''}, of run {found.run}"
    yield from (f"  {each}" for each in found.differences)
    yield "the same: its scores give its decision" if found.same else _said(same=False, exactly=True)


def _said(same: bool, *, exactly: bool) -> str:  # noqa: FBT001 - the two words of one sentence
    if not same:
        return "NOT THE SAME: it was changed, or what it says does not follow from its scores"
    return "the same: its scores give its verdict" + (", to the byte" if exactly else " but for the last digits")
