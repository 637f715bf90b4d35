"""The page on experiments explains every key and option that there is."""

from pathlib import Path

import pytest

from harness.spec.schema import bundled

DOCS = Path(__file__).resolve().parents[2] / "docs"
PARTS = ("suite", "evaluation", "comparison", "model_pypi", "model_hub", "model_path", "model_random")
DATA = ("data_task", "data_jsonl", "data_hub")


@pytest.mark.parametrize("part", ["", *PARTS, *DATA])
def test_every_key_of_a_spec_is_explained(part):
    schema = bundled("experiment")
    keys = (schema["$defs"][part] if part else schema)["properties"]
    page = (DOCS / "specs.md").read_text(encoding="utf-8")
    assert [key for key in keys if key != "$schema" and f"`{key}`" not in page] == []


def test_every_override_is_explained():
    page = (DOCS / "specs.md").read_text(encoding="utf-8")
    for option in ("--set", "--seeds", "--limit", "--only", "--out", "--include-path"):
        assert f"`{option}" in page
