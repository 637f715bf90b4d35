"""What `harness run` is asked to run, and how it ends where that is a part: of one run, or of several models."""

import argparse
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.cli.report import FAILED_CELLS

if TYPE_CHECKING:
    from harness.execution.selection import Selection

LATER = 75
"""What was named waits for what others have in hand."""


def asked_of_run(args: argparse.Namespace) -> dict[str, Any]:
    """Return what of a run is asked for: which units, and what of them is made again."""
    return {
        "retry_failed": args.retry or args.retry_failed,
        "repair": args.repair,
        "go_on": args.go_on,
        "cells": args.cells,
        "units": args.units,
    }


def tell_parts(parts: "Mapping[str, Selection]", folder: Path) -> None:
    """Say what ran here of runs that go on: by model, or of the only one under an empty name."""
    for model, part in parts.items():
        of = f"{model}/" if model else ""
        failed = f", of which failed: {_named(of, part.failed)}" if part.failed else ""
        print(f"ran here: {_named(of, part.ran) or 'nothing'}{failed}")
        if part.left:
            left = _named(of, part.left)
            print(f"harness: not run: {left}; the look before is not over. Run them again afterwards.", file=sys.stderr)
    print(f"{folder} is not at its end; `harness report {folder}` judges as far as it came.")


def code_of(*parts: "Selection", failed: bool = False) -> int:
    """Return the exit code where parts ran; `failed` says that something else did."""
    if any(part.left for part in parts):
        return LATER
    return FAILED_CELLS if failed or any(part.failed for part in parts) else 0


def _named(of: str, units: list[str]) -> str:
    return ", ".join(f"{of}{each}" for each in units)
