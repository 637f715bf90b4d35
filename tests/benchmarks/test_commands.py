"""Every benchmark is one command, and the page that lists them lists them all."""

import importlib
import sys
from pathlib import Path

import pytest

from harness import spec

pytest.importorskip("trl", reason="needs the extra `run`")

ROOT = Path(__file__).parents[2]
NAMES = sorted(file.parent.name for file in (ROOT / "benchmarks").glob("*/__main__.py"))


@pytest.mark.parametrize("name", NAMES)
def test_says_what_it_measures_and_has_a_bounded_mode(name, monkeypatch, capsys):
    command = importlib.import_module(f"benchmarks.{name}.__main__")
    monkeypatch.setattr(sys, "argv", [name, "--help"])
    with pytest.raises(SystemExit) as ended:
        command.main()
    assert ended.value.code == 0
    printed = capsys.readouterr().out
    assert f"python -m benchmarks.{name}" in printed
    assert "--fast" in printed


def test_no_benchmark_has_another_way():
    folders = {path.name for path in (ROOT / "benchmarks").iterdir() if path.is_dir() and path.name != "__pycache__"}
    assert folders == set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_the_page_lists_it(name):
    assert f"`python -m benchmarks.{name}`" in (ROOT / "benchmarks" / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("shape", ["gap", "layer-selection"])
def test_a_frozen_shape_extends_no_shipped_spec(shape):
    file = ROOT / "benchmarks" / "grid" / f"{shape}.json"
    loaded = spec.load(file)
    assert (len(loaded.seeds), loaded.evaluation.limit, loaded.training["max_steps"]) == (3, 100, 40)
    assert "./gap.json" in file.read_text(encoding="utf-8") or '"extends"' not in file.read_text(encoding="utf-8")
