"""``harness validate FILE…``: everything wrong with spec and recipe files, each with its JSON path and line."""

import argparse
import json
from dataclasses import asdict

from harness.api import Checked, overrides_of, validate
from harness.cli._common import add_override_options, changes_from
from harness.errors import SpecError, UsageError

INVALID = SpecError.exit_code


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the verb's arguments."""
    parser.add_argument("files", nargs="+", metavar="FILE", help="spec and recipe files, or names of shipped ones")
    add_override_options(parser)
    parser.add_argument("--json", action="store_true", help="print JSON")


def run(args: argparse.Namespace) -> int:
    """Print a line for each good file, every problem of the others; exit 64 if there is any."""
    changes = changes_from(args)
    checked = [validate(name, **changes) for name in args.files]
    options = overrides_of(changes).words()
    if options and not any(each.kind != "recipe" for each in checked):
        raise UsageError(f"{options[0]} overrides a spec, and only recipes are given. Name a spec too.")
    if args.json:
        print(json.dumps([_as_json(each) for each in checked], indent=2))
    else:
        _print(checked)
    return INVALID if any(each.problems for each in checked) else 0


def _as_json(checked: Checked) -> dict[str, object]:
    return {"ok": checked.ok, **asdict(checked)}


def _print(checked: list[Checked]) -> None:
    for each in checked:
        if each.ok:
            print(f"{each.file}: ok ({each.kind})")
        for note in each.notes:
            print(f"{each.file}: note: {note}")
    for problem in dict.fromkeys(problem for each in checked for problem in each.problems):
        print(problem)
