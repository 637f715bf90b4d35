"""docs/search.md: the experiment shown loads, and every field of the block is explained."""

import re
from pathlib import Path

from harness.declarations.places import json_files
from harness.spec import load
from harness.spec.document import COMMENT
from harness.spec.schema import bundled

TEXT = (Path(__file__).parents[2] / "docs" / "search.md").read_text(encoding="utf-8")


def test_the_search_shown_loads(tmp_path):
    (shown,) = re.findall(r"^```json\n(.*?)^```", TEXT, re.MULTILINE | re.DOTALL)
    path = tmp_path / "shown.json"
    path.write_text(shown, encoding="utf-8")
    assert load(path).search is not None


def test_every_field_of_the_block_is_explained():
    block = TEXT.partition("## The block")[2].partition("\n## ")[0]
    fields = set(bundled("experiment")["$defs"]["recipe_search"]["properties"]) - {COMMENT}
    assert set(re.findall(r"^\| `(\w+)`", block, re.MULTILINE)) == fields


def test_the_specs_with_a_search_are_listed():
    shipped = [path.stem for path in json_files("specs") if '"scan": {' in path.read_text(encoding="utf-8")]
    assert sorted(shipped) == ["search", "search-aletheia"]
    assert all(f"| `{name}` |" in TEXT for name in shipped)
