"""Kinds of tasks: one table, which the documentation repeats and the shipped tasks name from."""

from pathlib import Path

import pytest

import harness
from harness.declarations.kinds import KINDS, shortage
from harness.declarations.tasks import declared_tasks

DOCS = Path(harness.__file__).parents[1] / "docs" / "tasks.md"


def spanned(rows):
    return "advised against" if rows is None else f"{rows[0]:,} to {rows[1]:,}"


def test_the_documentation_has_the_table():
    text = DOCS.read_text(encoding="utf-8")
    for name, kind in KINDS.items():
        assert f"| `{name}` | {kind.title} | {spanned(kind.adapters)} | {spanned(kind.prompts)} |" in text


def test_shipped_tasks_name_known_kinds():
    kinds = {name: task.metadata["kind"] for name, task in declared_tasks().items() if "kind" in task.metadata}
    assert kinds["k8s_qa"] == "extractive_qa"
    assert set(kinds.values()) <= set(KINDS)


@pytest.mark.parametrize("name", KINDS)
def test_prompts_take_no_fewer_rows_than_adapters(name):
    kind = KINDS[name]
    assert kind.prompts is None or kind.prompts >= (kind.adapters[0], 0)


@pytest.mark.parametrize(
    ("kind", "rows", "prompts", "said"),
    [
        (
            "extractive_qa",
            773,
            False,
            "773 rows, where an adapter for extractive question answering takes 2,000",
        ),
        ("extractive_qa", 2000, False, None),
        ("extractive_qa", 9999, True, "is extractive question answering, for which prompts are advised against"),
        ("classification", 999, True, "a prompt for text classification takes 1,000 to 5,000"),
        ("classification", 999, False, None),
    ],
)
def test_a_shortage_says_how_many_rows_and_where_from(kind, rows, prompts, said):
    found = shortage(KINDS[kind], rows, prompts=prompts)
    assert (found is None) if said is None else (said in found and "table 5" in found)
