"""Licences of tasks, and whose items are kept back by theirs: scored here, and shown or given on to nobody."""

from collections.abc import Iterable, Mapping
from pathlib import Path

from harness.declarations.tasks import search

REDISTRIBUTE = "redistribute"
"""The flag in a task's ``metadata``; ``false`` keeps its items back."""
UNKNOWN = "unknown"
"""The licence of a task that names none."""


def licences(tasks: Iterable[str], *, beside: Path | None = None, include: Iterable[Path] = ()) -> dict[str, str]:
    """Return the licence that each task's metadata names, `UNKNOWN` where it, or anything of the task, is not found."""
    names = sorted(set(tasks))
    found = search(set(names), beside=beside, include=include).tasks
    return {name: str(found[name].metadata.get("licence", UNKNOWN)) if name in found else UNKNOWN for name in names}


def may_be_shown(metadata: object) -> bool:
    """Tell from a task's ``metadata``, declared or as lm-eval logged it, whether its items may be shown to others."""
    return not isinstance(metadata, Mapping) or metadata.get(REDISTRIBUTE) is not False


def kept_back(tasks: Iterable[str], *, beside: Path | None = None, include: Iterable[Path] = ()) -> dict[str, str]:
    """Return the tasks whose metadata says ``redistribute: false``, with the licence that they name.

    A task that the searched folders do not declare, lm-eval's own among them, says nothing and is not among them.
    """
    found = search(set(tasks), beside=beside, include=include).tasks
    return {
        name: str(task.metadata.get("licence", UNKNOWN))
        for name, task in sorted(found.items())
        if not may_be_shown(task.metadata)
    }
