"""Training rows as they were trained on: what `max_length` cut or left out, and what recipes changed of them."""

from collections.abc import Iterable, Iterator, Mapping

from harness.ledger import RunFolder
from harness.ledger.outcomes import trained
from harness.plan.costs import Estimate
from harness.report.document import Block, Notice, Prose
from harness.trained import RowCounts

MANY = 0.05
"""The share of rows from which on it is a mark."""


def rows_of_run(run: RunFolder) -> Iterator[Block]:
    """Yield what the finished cells' trainings left of the rows, where they left anything out."""
    yield from _blocks({each.cell.recipe: each.training.rows for each in trained(run.outcomes)})


def rows_of_plan(estimate: Estimate) -> Iterator[Block]:
    """Yield what the trainings would leave of the rows, where they leave anything out, and what a task's kind asks."""
    yield from _blocks({each.recipe: each.rows for each in estimate.cells})
    yield from (Notice(f"kind of task: {each}") for each in estimate.few_rows)


def _blocks(counted: Mapping[str, RowCounts | None]) -> Iterator[Block]:
    """Yield a line for all recipes that leave as much, and one for each that trains on changed rows."""
    shortened = {recipe: counts for recipe, counts in counted.items() if counts is not None and counts.share > 0}
    for counts in dict.fromkeys(shortened.values()):
        line = f"{_names([name for name, each in shortened.items() if each == counts], counted)}: {counts}"
        yield Notice(f"many rows shortened: {line}") if counts.share > MANY else Prose(f"rows: {line}")
    for recipe, each in counted.items():
        if each is not None and each.origins:
            told = ", ".join(f"{count:,} by {name}" for name, count in each.origins.items())
            yield Prose(f"rows: {recipe}: of {each.total:,} rows {told}")


def _names(recipes: Iterable[str], counted: Mapping[str, RowCounts | None]) -> str:
    trained = [recipe for recipe in counted if recipe != "base"]
    named = list(recipes)
    return "every recipe" if named == trained and len(trained) > 1 else ", ".join(named)
