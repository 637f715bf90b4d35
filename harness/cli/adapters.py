"""``harness adapters``: the adaptation recipes that a spec can name."""

import argparse
import json
from pathlib import Path
from typing import Any

from harness.declarations import json_files
from harness.spec import load_recipe
from harness.spec.records import Layers, Recipe


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the verb's arguments."""
    parser.add_argument(
        "--include-path", action="append", default=[], type=Path, metavar="DIR", help="also look here (repeatable)"
    )
    parser.add_argument("--json", action="store_true", help="print JSON, descriptions in full")


def run(args: argparse.Namespace) -> int:
    """Print one line a recipe."""
    files = json_files("adapters", beside=Path.cwd(), include=args.include_path)
    names = [path.stem for path in files if "--" in path.stem]
    recipes = [load_recipe(name, beside=Path.cwd(), include=args.include_path) for name in sorted(names)]
    rows = [_row(recipe) for recipe in recipes]
    if args.json:
        print(json.dumps(rows, indent=2))
        return 0

    from tabulate import tabulate

    print(tabulate(rows, headers="keys", disable_numparse=True, maxcolwidths=[None, None, None, 80]))
    return 0


def _row(recipe: Recipe) -> dict[str, Any]:
    method = "full fine-tuning"
    if recipe.peft is not None:
        method = str(recipe.peft.get("peft_type", "PEFT"))
    elif recipe.bottleneck is not None:
        method = f"bottleneck ({recipe.bottleneck.placement})"
    if recipe.quantization is not None:
        method += " on quantized weights"
    return {"recipe": recipe.id, "method": method, "layers": _layers(recipe.layers), "description": recipe.description}


def _layers(layers: Layers) -> str:
    if layers.strategy == "all":
        return "all"
    amount = layers.fraction if layers.fraction is not None else layers.count
    return f"{layers.strategy} {layers.indices if amount is None else amount}"
