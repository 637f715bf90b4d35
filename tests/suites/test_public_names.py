"""Functions that YAML and loaders of users name, `harness tasks new` wrote many of them: these paths stay for good."""

import importlib

import pytest

NAMES = {
    "harness.suites.metrics": ("choice", "reference", "rationale", "passage"),
    "harness.suites.generation": ("reasoned", "open_answer", "free_text"),
    "harness.suites.checked": ("checked",),
    "harness.suites.rationales": ("told_apart",),
    "harness.suites.rows": ("read",),
}


@pytest.mark.run
@pytest.mark.parametrize(("module", "name"), [(module, name) for module, names in NAMES.items() for name in names])
def test_a_name_of_a_users_task_is_found_where_it_always_was(module, name):
    assert callable(getattr(importlib.import_module(module), name))
