"""Which test files can be collected where harness is installed without its extra `run`."""

import ast
from importlib.util import find_spec
from pathlib import Path

HEAVY_ROOMS = (
    *("_compat", "contamination", "diagnostics", "evaluation", "execution", "methods", "model", "preflight"),
    *("questions", "sources.data", "sources.models", "sources.weights", "suites", "testing", "training", "transforms"),
)
"""What imports something that the extra brings, or is about what does."""

TESTS = Path(__file__).parents[1]
TESTING = TESTS.parent / "harness" / "testing"
PROGRAMS = ("faults", "fuzz")
"""Folders of tests that are programs too, whose files import each other."""


def lacks_the_extra() -> bool:
    """Tell whether the extra `run` is missing here."""
    return find_spec("torch") is None


def is_heavy(path: Path) -> bool:
    """Tell whether a test file, or the conftest of a folder, imports what is not there without the extra."""
    file = path / "conftest.py" if path.is_dir() else path
    if file.suffix != ".py" or not file.is_file():
        return False
    return any(map(_brings_heavy, _imports(ast.parse(file.read_text(encoding="utf-8")))))


def _imports(module: ast.Module) -> list[str]:
    """Return the modules that a file imports when it is imported itself."""
    names = []
    for node in module.body:
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            names += [f"{node.module}.{alias.name}" for alias in node.names]
    return names


def _brings_heavy(name: str) -> bool:
    top, *inside = name.split(".")
    if top == "harness" and inside[:1] == ["testing"]:
        return is_heavy(TESTING / f"{inside[1]}.py")
    if top == "harness":
        return any(f"{name}.".startswith(f"harness.{room}.") for room in HEAVY_ROOMS)
    if top in PROGRAMS:
        return is_heavy(TESTS / top / f"{inside[0]}.py")
    if top == "helpers":
        return is_heavy(Path(__file__).with_name(f"{inside[0]}.py"))
    return find_spec(top) is None
