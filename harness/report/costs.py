"""What each recipe takes beside time: layers, parameters, memory, space on disk and money."""

from collections.abc import Iterator, Sequence
from statistics import mean

from harness.compare.times import results_of
from harness.ledger import Outcome
from harness.records import CellResult
from harness.report.layout import table
from harness.report.scores import NONE
from harness.spec.records import Experiment

MIB = 2**20
GIB = 2**30


def costs_table(experiment: Experiment, outcomes: Sequence[Outcome]) -> str:
    """Return the table, means a run, with what was settled below it; empty while no recipe has finished."""
    found = {recipe.id: results_of(outcomes, recipe.id) for recipe in experiment.recipes}
    rows = [[recipe, *_costs(experiment, results)] for recipe, results in found.items() if results]
    if not rows:
        return ""
    headers = ["recipe", "layers", "trainable", "of all", "weights\nMiB", "peak\nGiB", "saved\nMiB"]
    headers += ["cost\na run"] if experiment.cost else []
    title = "Size and cost, means a run: weights while it trains, memory at the peak, what is kept on disk"
    return "\n".join([title, table(rows, headers), *_settled(experiment, outcomes)])


def _costs(experiment: Experiment, results: Sequence[CellResult]) -> list[str]:
    first = results[0].training
    row = [
        _layers(experiment, first.layers),
        f"{first.num_trainable_params:,}",
        f"{first.num_trainable_params / first.num_total_params:.3%}",
        f"{mean(each.training.footprint for each in results) / MIB:.0f}",
        f"{mean(each.costs.memory or 0 for each in results) / GIB:.2f}",
        f"{mean(each.costs.file_size or 0 for each in results) / MIB:.1f}",
    ]
    price = experiment.cost.get("per_hour")
    return row if price is None else [*row, f"{mean(each.costs.total_seconds for each in results) / 3600 * price:.4f}"]


def _layers(experiment: Experiment, layers: Sequence[int]) -> str:
    if not layers:
        return NONE
    total = (experiment.model.config or {}).get("num_hidden_layers")
    return f"{len(layers)}" if total is None else f"{len(layers)} of {total}"


def _settled(experiment: Experiment, outcomes: Sequence[Outcome]) -> Iterator[str]:
    """Yield the rank that a recipe's `match` came to."""
    for recipe in experiment.recipes:
        for result in results_of(outcomes, recipe.id)[:1]:
            if result.training.matched is not None:
                yield f"{recipe.id}: {result.training.matched}"
