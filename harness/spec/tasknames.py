"""Which tasks lm-eval brings itself and what a task reports, by a light look at YAML files.

lm-eval's own index takes seconds of start-up; to accept or refuse a name, the lines that declare it are enough.
"""

import importlib.util
import re
from collections.abc import Iterable
from pathlib import Path

_NAME = re.compile(r"^(?:task|group):[ \t]*[\"']?([\w./-]+)[\"']?[ \t]*(?:#.*)?$", re.MULTILINE)
_METRIC = re.compile(r"^[ ]*- metric:[ \t]*[\"']?([\w@./-]+)", re.MULTILINE)
_INCLUDE = re.compile(r"^include:[ \t]*[\"']?([^\s\"'#]+)", re.MULTILINE)


def installed(names: Iterable[str]) -> dict[str, Path]:
    """Return those of the names that are lm-eval's own tasks, each with its YAML file.

    Files that are called like a task are read first, all others only while a name is still missing.
    """
    missing, found = set(names), {}
    folder = _lm_eval_tasks()
    if not missing or folder is None:
        return {}
    unlike = {path: missing.isdisjoint((path.stem, path.parent.name)) for path in folder.rglob("*.yaml")}
    for path in sorted(unlike, key=lambda path: (unlike[path], path)):
        if not missing:
            break
        for name in missing & names_in(path):
            found[name] = path
            missing.discard(name)
    return found


def names_in(path: Path) -> set[str]:
    """Return the tasks and groups that a YAML file declares."""
    return set(_NAME.findall(_text(path)))


def metrics(path: Path) -> set[str]:
    """Return the metrics that a task's YAML file, with those it includes, reports; empty where it lists none."""
    text = _text(path)
    found = set(_METRIC.findall(text))
    for name in _INCLUDE.findall(text):
        included = path.parent / name
        if included.is_file() and included != path:
            found |= metrics(included)
    return found


def _lm_eval_tasks() -> Path | None:
    spec = importlib.util.find_spec("lm_eval")
    places_of = spec.submodule_search_locations if spec else None
    return Path(places_of[0]) / "tasks" if places_of else None


def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8", errors="replace")
