"""Plug-ins are found by entry point, described without an import, and named where they fail."""

import sys

import pytest

from harness import registry
from harness.errors import PluginError


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
