"""``harness validate FILE…``: every error of spec and recipe files, with JSON path and line."""

import argparse
import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

from harness.cli.options import add_override_options, overrides_from
from harness.declarations import json_files
from harness.errors import Problem, SpecError
from harness.spec import load, load_recipe

USAGE = 64


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the verb's arguments."""
    parser.add_argument("files", nargs="+", metavar="FILE", help="spec or recipe files, or names of shipped ones")
    add_override_options(parser)
    parser.add_argument("--json", action="store_true", help="print JSON")


def run(args: argparse.Namespace) -> int:
    """Print ``ok`` or the errors of each file; exit 64 if there is any error."""
    found = [(name, *_check(name, args)) for name in args.files]
    if args.json:
        print(json.dumps([_as_json(*each) for each in found], indent=2))
    else:
        for name, kind, problems in found:
            print("\n".join(map(str, problems)) or f"{name}: ok ({kind})")
    return USAGE if any(problems for _, _, problems in found) else 0


def _check(name: str, args: argparse.Namespace) -> tuple[str, tuple[Problem, ...]]:
    """Return what kind of file `name` is, and what is wrong with it."""
    kind = "recipe" if _is_recipe(name, args.include_path) else "experiment"
    try:
        if kind == "recipe":
            load_recipe(name, beside=Path.cwd(), include=args.include_path)
        else:
            load(name, include=args.include_path, overrides=overrides_from(args))
    except SpecError as error:
        return kind, error.problems
    return kind, ()


def _is_recipe(name: str, include: list[Path]) -> bool:
    """Tell a recipe by its name, ``<method>--<name>``, or by standing among the recipes."""
    recipes = {path.stem for path in json_files("adapters", beside=Path.cwd(), include=include)}
    return "--" in Path(name).stem or Path(name).stem in recipes


def _as_json(name: str, kind: str, problems: tuple[Problem, ...]) -> dict[str, Any]:
    return {"file": name, "kind": kind, "ok": not problems, "problems": [asdict(problem) for problem in problems]}
