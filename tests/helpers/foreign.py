"""The package of plug-ins in `tests/foreign/package`, installed into a folder and put on the module path."""

import os
import shutil
import sys
import tomllib
from contextlib import contextmanager
from pathlib import Path

import pytest

from harness import registry

PACKAGE = Path(__file__).parents[1] / "foreign" / "package"
NAME = "harness_tiny_plugins"


def install(site, *, version=None):
    """Put the package into a folder as an installer would; of another version where one is given."""
    project = tomllib.loads((PACKAGE / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    name, version = project["name"], version or project["version"]
    shutil.copytree(PACKAGE / NAME, site / NAME, ignore=shutil.ignore_patterns("__pycache__"))
    information = site / f"{name.replace('-', '_')}-{version}.dist-info"
    information.mkdir()
    (information / "METADATA").write_text(f"Metadata-Version: 2.4\nName: {name}\nVersion: {version}\n")
    points = [
        line
        for group, targets in project["entry-points"].items()
        for line in (f"[{group}]", *(f"{point} = {target}" for point, target in targets.items()))
    ]
    (information / "entry_points.txt").write_text("\n".join(points) + "\n")
    return site


@contextmanager
def installed(site):
    """Have the folder on the module path of this process, and of the programs that it starts."""
    path = os.pathsep.join(filter(None, [str(site), os.environ.get("PYTHONPATH")]))
    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.syspath_prepend(site)
        monkeypatch.setenv("PYTHONPATH", path)
        registry.plugins.cache_clear()
        yield
    registry.plugins.cache_clear()
    for name in [name for name in sys.modules if name.partition(".")[0] == NAME]:
        del sys.modules[name]
