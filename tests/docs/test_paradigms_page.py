"""What docs/paradigms.md says of a model of 7 billion parameters is what its command plans."""

import re
from pathlib import Path

import pytest

from harness import api
from harness.plan.nodes import read_nodes
from harness.records import GIB

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "paradigms.md").read_text(encoding="utf-8")
ROWS = {
    name: [each.strip() for each in rest.split("|")]
    for name, rest in re.findall(r"^\| .*\(`(.+?)`\) \|(.*)\|$", PAGE, re.MULTILINE)
}


@pytest.mark.run
def test_the_columns_of_7b_are_what_is_planned():
    nodes = read_nodes(ROOT / "examples" / "one-card.json")
    found = api.plan("paradigms-7b", memory_on=nodes.device)
    cells = {each.recipe: each for each in found.cells if each.recipe in ROWS}
    assert cells.keys() == ROWS.keys()
    whole = cells["full--7b"]
    for name, (_, _, share, _, memory, *_) in ROWS.items():
        cell = cells[name]
        added = 0 if cell is whole else cell.trainable
        assert share == ("100%" if cell is whole else f"{cell.trainable / (found.parameters + added):.2%}")
        assert memory == f"{cell.memory / GIB:.1f}"
