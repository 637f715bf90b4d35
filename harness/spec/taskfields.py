"""Which fields a task's YAML file may have, without importing lm-eval: its source file says it."""

import ast
import importlib.util
from functools import cache
from pathlib import Path
from typing import Any

import yaml

_CLASS = "TaskConfig"
STRUCTURAL = frozenset({"include", "tag", "group", "task_list", "class"})
"""Keys that lm-eval's loader reads before it builds a task's configuration."""


class _Loader(yaml.SafeLoader):
    """Reads ``!function`` and other tags as the text that they hold."""


_Loader.add_multi_constructor("!", lambda _loader, _suffix, node: node.value)


@cache
def known() -> frozenset[str]:
    """Return the fields of a task's configuration; empty where lm-eval's source cannot be read."""
    spec = importlib.util.find_spec("lm_eval")
    places_of = spec.submodule_search_locations if spec else None
    path = Path(places_of[0]) / "config" / "task.py" if places_of else None
    if path is None or not path.is_file():
        return frozenset()
    classes = (node for node in ast.parse(path.read_text("utf-8")).body if isinstance(node, ast.ClassDef))
    fields = [line for each in classes if each.name == _CLASS for line in each.body if isinstance(line, ast.AnnAssign)]
    names = {line.target.id for line in fields if isinstance(line.target, ast.Name)}
    return frozenset(names | STRUCTURAL) if names else frozenset()


def wrong(path: Path) -> list[tuple[Path, str | None]]:
    """Return (file, field) of every unknown field of a task's file and those it includes.

    A field of None says that the file cannot be read as YAML. Groups have other fields and are passed over.
    """
    content = _read(path)
    if not isinstance(content, dict):
        return [(path, None)] if content is None else []
    if "group" in content or "class" in content or not known():
        return []
    found: list[tuple[Path, str | None]] = [(path, str(field)) for field in content if field not in known()]
    included = content.get("include") or []
    for each in included if isinstance(included, list) else [included]:
        below = path.parent / str(each)
        found += wrong(below) if below.is_file() and below != path else []
    return found


def _read(path: Path) -> Any:
    """Return the file's value, None where it is no YAML."""
    try:
        return yaml.load(path.read_bytes(), Loader=_Loader) or {}  # noqa: S506 - a SafeLoader that skips tags
    except (OSError, UnicodeDecodeError, yaml.YAMLError):
        return None
