"""``harness validate FILE…``: everything wrong with spec and recipe files, each with its JSON path and line."""

import argparse
import json
from dataclasses import asdict, dataclass
from pathlib import Path

from harness.cli._common import add_override_options, overrides_from
from harness.errors import Problem, SpecError, UsageError
from harness.spec import Overrides, load
from harness.spec.files import declared_kind
from harness.spec.recipe import read_recipe

INVALID = SpecError.exit_code

_KINDS = {"specs": "experiment", "adapters": "recipe"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """One file as it was asked for; `kind` is None where it could not be read far enough to tell."""

    file: str
    kind: str | None
    problems: tuple[Problem, ...] = ()


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the verb's arguments."""
    parser.add_argument("files", nargs="+", metavar="FILE", help="spec and recipe files, or names of shipped ones")
    add_override_options(parser)
    parser.add_argument("--json", action="store_true", help="print JSON")


def run(args: argparse.Namespace) -> int:
    """Print a line for each good file, every problem of the others; exit 64 if there is any."""
    overrides, include = overrides_from(args), tuple(args.include_path)
    checked = [_check(name, include, overrides) for name in args.files]
    if overrides.words() and not any(each.kind != "recipe" for each in checked):
        raise UsageError(f"{overrides.words()[0]} overrides a spec, and only recipes are given. Name a spec too.")
    if args.json:
        print(json.dumps([_as_json(each) for each in checked], indent=2))
    else:
        _print(checked)
    return INVALID if any(each.problems for each in checked) else 0


def _check(name: str, include: tuple[Path, ...], overrides: Overrides) -> Checked:
    kind = None
    try:
        declared, path = declared_kind(name, include=include)
        kind = _KINDS[declared]
        if declared == "specs":
            load(path, include=include, overrides=overrides)
        else:
            read_recipe(path, include=include)
    except SpecError as error:
        return Checked(file=name, kind=kind, problems=error.problems)
    return Checked(file=name, kind=kind)


def _as_json(checked: Checked) -> dict[str, object]:
    return {"ok": not checked.problems, **asdict(checked)}


def _print(checked: list[Checked]) -> None:
    for each in checked:
        if not each.problems:
            print(f"{each.file}: ok ({each.kind})")
    for problem in dict.fromkeys(problem for each in checked for problem in each.problems):
        print(problem)
