"""The table of docs/recipes.md is what the recipes come to."""

import json
import re
from pathlib import Path

from harness.declarations import places
from harness.methods.dry_run import describe
from harness.spec.recipe import read_recipe

ROOT = Path(__file__).parents[2]
ROW = re.compile(
    r"\| `(?P<id>[^`]+)` \| (?P<layers>\S+) \| (?P<trainable>[\d,]+) \| \S+ \| (?P<rate>\S+) \| (?P<about>.+) \|"
)


def test_every_shipped_recipe_stands_in_the_table_with_its_own_numbers():
    rows = {row["id"]: row for row in ROW.finditer((ROOT / "docs" / "recipes.md").read_text(encoding="utf-8"))}
    config = json.loads((places.shipped("specs") / "gap.json").read_text())["model"]["config"]
    recipes = [read_recipe(path).recipe for path in places.shipped("adapters").glob("*.json")]
    assert set(rows) == {recipe.id for recipe in recipes}
    for recipe in recipes:
        described, row = describe(recipe, config), rows[recipe.id]
        assert row["trainable"] == f"{described.trainable:,}", recipe.id
        assert row["layers"] == (str(described.layer_count) if described.layer_count else "–")
        rates = [stage.trained.training["learning_rate"] for stage in recipe.parts]
        assert [float(rate) for rate in row["rate"].split("→")] == rates
        assert row["about"] == recipe.description
