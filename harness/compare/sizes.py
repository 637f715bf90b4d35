"""How large each trained arm is and on how much it trained, as its cells recorded it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from harness.ledger import Outcome
from harness.ledger.outcomes import trained
from harness.spec.records import Experiment


@dataclass(frozen=True, slots=True)
class Size:
    """The rank that a recipe declares, and the rows that its training had."""

    rank: int
    rows: int


def sizes(experiment: Experiment, outcomes: Iterable[Outcome]) -> Mapping[str, Size]:
    """Return the size of each recipe of one rank that has a finished cell, by its name."""
    rows = {each.cell.recipe: each.training.rows for each in trained(outcomes)}
    ranks = {recipe.id: (recipe.peft or {}).get("r") for recipe in experiment.recipes}
    return {
        name: Size(rank, counted.total)
        for name, rank in ranks.items()
        if isinstance(rank, int) and (counted := rows.get(name)) is not None
    }
