"""``harness adapters``: the adaptation recipes that a spec can name."""

import argparse
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from harness.cli._common import entry, folder, quiet_imports
from harness.declarations.places import json_files
from harness.errors import RecipeError, SpecError, UsageError
from harness.extras import require
from harness.methods.traits import traits
from harness.spec import load, load_recipe
from harness.spec.records import Experiment, Layers, Recipe


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the verb's arguments."""
    parser.add_argument(
        "--include-path", action="append", default=[], type=folder, metavar="DIR", help="also look here (repeatable)"
    )
    parser.add_argument(
        "--model", metavar="SPEC", help="say what each recipe comes to on the model of this spec, e.g. gap"
    )
    parser.add_argument("--json", action="store_true", help="print JSON, descriptions in full")


def run(args: argparse.Namespace) -> int:
    """Print an entry a recipe; files that are wrong are named beside the others, and exit 64."""
    if args.model:
        require("run", "harness adapters --model")
    files = json_files("adapters", beside=Path.cwd(), include=args.include_path)
    broken: list[SpecError] = []
    recipes = list(_readable(sorted(path.stem for path in files if "--" in path.stem), args.include_path, broken))
    rows = [_row(recipe) for recipe in recipes]
    if args.model:
        rows = _on_model(rows, recipes, load(args.model, include=args.include_path))
    if args.json:
        print(json.dumps(rows, indent=2))
    else:
        print("\n".join(map(_entry, rows)))
    for error in broken:
        print(error, file=sys.stderr)
    return SpecError.exit_code if broken else 0


def _readable(names: list[str], include: list[Path], broken: list[SpecError]) -> Iterator[Recipe]:
    for name in names:
        try:
            yield load_recipe(name, beside=Path.cwd(), include=include)
        except SpecError as error:
            broken.append(error)


def _entry(row: dict[str, Any]) -> str:
    facts = f"{row['method']}; layers: {row['layers']}"
    if row.get("trainable") is not None:
        facts += f"; {row['trainable']:,} trainable ({row['share']})"
    return entry(row["recipe"], facts, row.get("matched") or "", row["description"])


def _on_model(rows: list[dict[str, Any]], recipes: list[Recipe], experiment: Experiment) -> list[dict[str, Any]]:
    """Add each recipe's trainable parameters and matched rank, or why it cannot be applied, from the configuration."""
    config = experiment.model.config
    if config is None:
        raise UsageError(f"the model of {experiment.name} declares no `config`; without one it would be downloaded.")

    quiet_imports()
    from harness.methods.dry_run import describe, matched_size

    def count(recipe: Recipe) -> dict[str, Any]:
        try:
            described = describe(recipe, config)
        except RecipeError as error:
            return {"trainable": None, "share": None, "matched": None, "problem": str(error)}
        share, fitted = f"{described.trainable / described.total:.3%}", matched_size(recipe, config)
        return {"trainable": described.trainable, "share": share, "matched": None if fitted is None else str(fitted)}

    return [_with_description_last({**row, **count(recipe)}) for row, recipe in zip(rows, recipes, strict=True)]


def _with_description_last(row: dict[str, Any]) -> dict[str, Any]:
    problem = row.pop("problem", None)
    description = row.pop("description")
    return {**row, "description": description if problem is None else f"Cannot be applied: {problem}"}


def _row(recipe: Recipe) -> dict[str, Any]:
    parts = recipe.parts
    return {
        "recipe": recipe.id,
        "method": _start(recipe) + " → ".join(_method(part.recipe) + _THEN[part.then] for part in parts),
        "layers": " → ".join(dict.fromkeys(_layers(part.recipe.layers) for part in parts)),
        "description": recipe.description,
    }


def _start(recipe: Recipe) -> str:
    if recipe.start is None:
        return ""
    return f"{recipe.start.arm}, {'continued: ' if recipe.continues else 'merged → '}"


_THEN = {None: "", "merge": ", merged", "keep": ", kept"}


def _method(recipe: Recipe) -> str:
    return traits(recipe).label + (" on quantized weights" if recipe.quantization is not None else "")


def _layers(layers: Layers) -> str:
    if layers.strategy == "all":
        return "all"
    amount = layers.fraction if layers.fraction is not None else layers.count
    return f"{layers.strategy} {layers.indices if amount is None else amount}"
