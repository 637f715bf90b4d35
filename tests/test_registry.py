"""Plug-ins are found by entry point, described without an import, and named where they fail."""

import sys

import pytest

from harness import registry
from harness.errors import PluginError


@pytest.fixture
def install(tmp_path, monkeypatch):
    """Return a function that installs a distribution of one package with entry points and files."""

    def installed(name, entry_points, files, version="1.0"):
        root = tmp_path / name
        info = root / f"{name}-{version}.dist-info"
        info.mkdir(parents=True)
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
        (info / "entry_points.txt").write_text(entry_points)
        for path, text in files.items():
            target = root / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(text)
        monkeypatch.syspath_prepend(root)
        registry.plugins.cache_clear()

    yield installed
    registry.plugins.cache_clear()


def test_a_plugin_is_described_without_being_imported(install):
    install(
        "tinyforeign",
        "[harness.methods]\nscale = tinyforeign.scaling:Scale\n",
        {
            "tinyforeign/__init__.py": "raise RuntimeError('imported')",
            "tinyforeign/scaling.py": "",
            "tinyforeign/scale.schema.json": '{"type": "object", "x-harness": {"label": "scaling"}}',
        },
    )
    plugin = registry.plugins("methods")["scale"]
    assert plugin.requirement == "tinyforeign==1.0"
    assert plugin.schema == {"type": "object", "x-harness": {"label": "scaling"}}
    assert plugin.facts == {"label": "scaling"}
    assert "tinyforeign" not in sys.modules


def test_loading_gives_the_target(install):
    install("tinyloaded", "[harness.diagnostics]\nx = tinyloaded:thing\n", {"tinyloaded/__init__.py": "thing = 7"})
    found = registry.find("diagnostics", "x")
    assert found is not None
    assert found.load() == 7
    assert found.schema is None
    assert registry.find("diagnostics", "y") is None


@pytest.mark.parametrize("body", ["raise ValueError('no')", "other = 1"])
def test_a_failing_import_names_the_plugin(install, body):
    install("tinybroken", "[harness.executors]\nx = tinybroken:thing\n", {"tinybroken/__init__.py": body})
    with pytest.raises(PluginError, match=r"`x` of tinybroken \(tinybroken:thing\) cannot be loaded"):
        registry.plugins("executors")["x"].load()


def test_one_name_twice_is_refused_with_both(install):
    for name in ("tinyone", "tinytwo"):
        install(name, f"[harness.score_sources]\nx = {name}:thing\n", {f"{name}/__init__.py": "thing = 1"})
    with pytest.raises(PluginError, match=r"tinytwo.*tinyone|tinyone.*tinytwo"):
        registry.plugins("score_sources")


def test_a_schema_that_is_not_json_is_named(install):
    install(
        "tinywrong",
        "[harness.methods]\nx = tinywrong:thing\n",
        {"tinywrong/__init__.py": "", "tinywrong/x.schema.json": "{"},
    )
    with pytest.raises(PluginError, match=r"x\.schema\.json, the schema of the plug-in `x`"):
        _ = registry.plugins("methods")["x"].schema
