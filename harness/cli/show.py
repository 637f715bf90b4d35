"""``harness show NAME``: a spec, a recipe or a suite as harness reads it, resolved, with its file."""

import argparse
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness.cli._common import folder
from harness.codec import encode
from harness.declarations.places import json_files
from harness.declarations.tasks import find_task, search
from harness.errors import UsageError
from harness.paths import read_regular
from harness.spec import Campaign, load_any, lock
from harness.spec.files import FileKind, declared_kind, find, is_path, label
from harness.spec.recipe import read_recipe
from harness.spec.suggest import nearest

_KINDS: tuple[FileKind, ...] = ("specs", "adapters")


@dataclass(frozen=True, slots=True)
class _Shown:
    """What a name stands for: its kind, its file and its content, `text` where that is no JSON."""

    kind: str
    name: str
    file: Path
    content: dict[str, Any]
    text: str = ""


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the verb's arguments."""
    parser.add_argument("name", metavar="RECIPE|SUITE|SPEC", help="a name, or the path of a spec or recipe file")
    parser.add_argument(
        "--include-path", action="append", default=[], type=folder, metavar="DIR", help="also look here (repeatable)"
    )
    parser.add_argument("--json", action="store_true", help="print JSON alone")


def run(args: argparse.Namespace) -> int:
    """Print what the name stands for; a spec goes before a recipe, and a recipe before a suite."""
    shown = _spec_or_recipe(args.name, args.include_path) or _suite(args.name, args.include_path)
    if shown is None:
        raise UsageError(_unknown(args.name, args.include_path))
    if args.json:
        about = {"kind": shown.kind, "name": shown.name, "file": str(shown.file)}
        print(json.dumps({**about, "content": shown.content}, indent=2, ensure_ascii=False))
        return 0
    print(f"{shown.name}, a {shown.kind} in {label(shown.file)}")
    print(shown.text or json.dumps(shown.content, indent=2, ensure_ascii=False))
    return 0


def _spec_or_recipe(name: str, include: list[Path]) -> _Shown | None:
    """Return a spec or a recipe with what it extends and every default, None where there is none of the name."""
    here = Path.cwd()
    if not is_path(name) and not any(find(kind, name, beside=here, include=include) for kind in _KINDS):
        return None
    kind, path = declared_kind(name, include=include)
    if kind == "specs":
        found = load_any(path, include=include)
        if isinstance(found, Campaign):
            content = {name: lock(experiment) for name, experiment in found.experiments.items()}
            return _Shown("spec", found.name, path, {"name": found.name, "models": content})
        return _Shown("spec", found.name, path, lock(found))
    recipe = read_recipe(path, include=include).recipe
    return _Shown("recipe", recipe.id, path, {"id": recipe.id, **encode(recipe)})


def _suite(name: str, include: list[Path]) -> _Shown | None:
    """Return a task or a group as its YAML declares it; lm-eval's own are not looked up."""
    task = find_task(name, beside=Path.cwd(), include=include)
    if task is None:
        return None
    text = read_regular(task.path).decode("utf-8", "replace")
    content = {"metadata": json.loads(json.dumps(task.metadata, default=str)), "members": [*task.members]}
    return _Shown("suite", task.name, task.path, {**content, "yaml": text}, text.rstrip())


def _unknown(name: str, include: list[Path]) -> str:
    here = Path.cwd()
    known = [path.stem for kind in _KINDS for path in json_files(kind, beside=here, include=include)]
    known += search(beside=here, include=include).tasks
    return f"{name!r} is no spec, recipe or suite. {nearest(name, known)} `harness tasks` and `adapters` list them."
