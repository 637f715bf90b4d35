"""Code that comes with declarations, and whose may run: harness's, lm-eval's, an installed plug-in's, what was trusted.

A task's YAML names functions (``!function``), in Python beside it or in any module that can be imported, and its own
fields are their arguments. Looking at it finds them without running anything; lm-eval builds a task only when there is
none left that nobody vouches for. What was trusted is remembered by its content, so that a changed file asks again.
"""

import ast
import functools
import hashlib
import importlib.util
import json
import os
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

from harness.declarations.places import shipped
from harness.declarations.task_yaml import Declared, FunctionName, Part
from harness.paths import read_regular, state_root
from harness.registry import GROUPS

VARIABLE = "HARNESS_TRUST_CODE"
"""Files and folders whose code is trusted by this command; processes that a run starts inherit it."""

OWN_MODULES = frozenset(
    {
        "harness.questions.load",
        "harness.suites.binary",
        "harness.suites.examples",
        "harness.suites.generation",
        "harness.suites.metrics",
        "harness.suites.spans",
        "lm_eval.api.metrics",
    }
)
"""Modules made to be named in a task's YAML, beside those of lm-eval's own tasks."""
_OF_TASKS = "lm_eval.tasks."
_PICKLES = frozenset({"pandas", "sql", "spark"})
"""Builders of `datasets` that unpickle files or connect to what a declaration names."""


@dataclass(frozen=True, slots=True)
class Code:
    """Something that would run: `what` it is, the YAML that names it, and the file whose content is trusted for it."""

    what: str
    named_in: Path
    file: Path

    def __str__(self) -> str:
        """``loader.load in tasks/loader.py``."""
        return f"{self.what} in {self.file}" if self.file != self.named_in else self.what


def untrusted(task: Declared) -> list[Code]:
    """Return the code that building a task would run and that nobody vouches for."""
    return [code for code in all_code(task) if not all(map(is_trusted, _with_neighbours(code)))]


def all_code(task: Declared) -> list[Code]:
    """Return the code of a task that is neither harness's, lm-eval's nor a plug-in's, each once."""
    found = (code for part in task.parts if not _is_own(part.path) for code in _of_part(part, task.config))
    return list(dict.fromkeys(found))


def refusal(task: Declared, codes: Iterable[Code]) -> tuple[str, str]:
    """Return why a task is not built, and the two ways to have it built."""
    found = list(codes)
    paths = " ".join(dict.fromkeys(str(code.file) for code in found))
    named = "; ".join(map(str, found))
    return (
        f"the task {task.name!r} ({task.path}) would run code that nobody here has trusted: {named}",
        f"`harness trust {paths}` shows it and remembers it; `--trust-code {found[0].file}` is for one command",
    )


def is_trusted(file: Path) -> bool:
    """Tell whether a file's content is a shipped declaration's, was remembered, or is trusted by this command."""
    if _is_own(file) or any(file.is_relative_to(each) for each in _for_now()):
        return True
    try:
        digest = _digest(file)
    except OSError:
        return False
    return digest in _shipped_digests() or _note(digest).is_file()


def remember(files: Iterable[Path]) -> None:
    """Trust the content of these files from now on, on this machine and for this user."""
    for file in files:
        note = _note(_digest(file))
        note.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        note.write_text(json.dumps({"file": str(file.resolve())}) + "\n", encoding="utf-8")


def trust_for_now(paths: Iterable[Path]) -> None:
    """Trust what lies at or below these paths in this process and those that it starts."""
    known = [*_for_now(), *(path.resolve() for path in paths)]
    os.environ[VARIABLE] = os.pathsep.join(dict.fromkeys(map(str, known)))


def files_of(codes: Iterable[Code]) -> list[Path]:
    """Return the files that have to be trusted for the code to run, in order."""
    return list(dict.fromkeys(file for code in codes for file in _with_neighbours(code)))


def _with_neighbours(code: Code) -> list[Path]:
    """Return the file and, of Python, what lies beside it: it can be imported from there."""
    if code.file.suffix != ".py":
        return [code.file]
    return [code.file, *(each for each in sorted(code.file.parent.glob("*.py")) if each != code.file)]


def _of_part(part: Part, config: Mapping[str, Any]) -> Iterator[Code]:
    path = part.path.resolve()
    for name in _functions(part.content):
        module, _, function = name.rpartition(".")
        beside = (path.parent / f"{module.replace('.', '/')}.py").resolve() if module else None
        if beside is not None and beside.exists():
            if not _is_own(beside):
                yield Code(name, path, beside)
        elif not _is_known(module, function):
            yield Code(f"{name}, which is imported", path, path)
    for what in _foreign_fields(part.content, config):
        yield Code(what, path, path)


def _functions(value: Any) -> Iterator[str]:
    """Yield every function that a part of a YAML file names."""
    if isinstance(value, FunctionName):
        yield str(value)
    elif isinstance(value, Mapping):
        for key, each in value.items():
            yield from (*_functions(key), *_functions(each))
    elif isinstance(value, list | tuple | set | frozenset):
        for each in value:
            yield from _functions(each)


def _foreign_fields(content: Mapping[str, Any], config: Mapping[str, Any]) -> Iterator[str]:
    """Yield fields by which lm-eval fetches and runs code without a function being named."""
    if str(content.get("dataset_path")) in _PICKLES:
        yield f"dataset_path: {content['dataset_path']}, which unpickles or connects to what the file names"
    metrics = content.get("metric_list")
    for each in metrics if isinstance(metrics, list) and config.get("process_results") is None else ():
        metric = each.get("metric") if isinstance(each, Mapping) else None
        if not isinstance(metric, str) or isinstance(metric, FunctionName):
            continue
        if each.get("hf_evaluate") is True or (_metrics() and metric not in _metrics()):
            yield f"the metric {metric}, which is not lm-eval's: the package `evaluate` would fetch and run it"


@functools.cache
def _metrics() -> frozenset[str]:
    """Return the metrics that lm-eval registers, read off its source; none where it is not installed."""
    package = _package("lm_eval")
    file = None if package is None else package / "api" / "metrics.py"
    if file is None or not file.is_file():
        return frozenset()
    return frozenset(re.findall(r"""\bmetric=["']([^"']+)["']""", file.read_text("utf-8")))


def _is_known(module: str, function: str) -> bool:
    """Tell whether a name is a function of a module that is made to be named, or of an installed plug-in."""
    parts = module.split(".")
    if any(not part.isidentifier() or part.startswith("_") for part in (*parts, function)):
        return False
    if parts[0] in _plugin_packages():
        return True
    if module not in OWN_MODULES and not (module.startswith(_OF_TASKS) and len(parts) > 3):  # noqa: PLR2004
        return False
    return _package(parts[0]) is None or function in _defined_in(module)


@functools.cache
def _defined_in(module: str) -> frozenset[str]:
    """Return what a module of harness's or lm-eval's defines itself: what it imports is not its own to be named."""
    top, *inside = module.split(".")
    package = _package(top)
    file = None if package is None else package.joinpath(*inside).with_suffix(".py")
    if file is None or not file.is_file():
        return frozenset()
    kinds = (ast.FunctionDef, ast.ClassDef)
    return frozenset(node.name for node in ast.parse(file.read_text("utf-8")).body if isinstance(node, kinds))


@functools.cache
def _plugin_packages() -> frozenset[str]:
    """Return the top-level packages that register something with harness."""
    points = (point for group in GROUPS.values() for point in entry_points(group=group))
    return frozenset(point.value.partition(":")[0].partition(".")[0] for point in points)


def _is_own(path: Path) -> bool:
    """Tell whether a file is one of harness's declarations or lm-eval's, where they are installed."""
    return any(path.resolve().is_relative_to(folder) for folder in _own_folders())


@functools.cache
def _own_folders() -> tuple[Path, ...]:
    package = _package("lm_eval")
    return (shipped("tasks").resolve(), *([] if package is None else [(package / "tasks").resolve()]))


def _package(name: str) -> Path | None:
    spec = importlib.util.find_spec(name)
    places = spec.submodule_search_locations if spec else None
    return Path(places[0]) if places else None


@functools.cache
def _shipped_digests() -> frozenset[str]:
    found = set()
    for path in shipped("tasks").rglob("*"):
        with suppress(OSError):
            if path.suffix in (".py", ".yaml") and path.is_file():
                found.add(_digest(path))
    return frozenset(found)


def _digest(file: Path) -> str:
    return hashlib.sha256(read_regular(file)).hexdigest()


def _note(digest: str) -> Path:
    return state_root() / "trusted" / f"{digest}.json"


def _for_now() -> list[Path]:
    return [Path(each) for each in os.environ.get(VARIABLE, "").split(os.pathsep) if each]
