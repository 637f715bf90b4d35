"""What each recipe takes beside time: layers, parameters, memory, space on disk and money."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from statistics import mean
from typing import Any

from harness.compare.times import results_of
from harness.ledger import Outcome
from harness.records import CellResult
from harness.report.layout import table
from harness.report.scores import NONE
from harness.spec.records import Experiment

MIB = 2**20
GIB = 2**30
Info = Mapping[str, Any]


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
    first = results[0].train_info
    row = [
        _layers(experiment, first.get("layers", ())),
        f"{first['num_trainable_params']:,}",
        f"{first['num_trainable_params'] / first['num_total_params']:.3%}",
        f"{_mean(results, lambda info: float(info['footprint'])) / MIB:.0f}",
        f"{_mean(results, _memory) / GIB:.2f}",
        f"{_mean(results, lambda info: float(info['file_size'])) / MIB:.1f}",
    ]
    price = experiment.cost.get("per_hour")
    return row if price is None else [*row, f"{_mean(results, _seconds) / 3600 * price:.4f}"]


def _layers(experiment: Experiment, layers: Sequence[int]) -> str:
    if not layers:
        return NONE
    total = (experiment.model.config or {}).get("num_hidden_layers")
    return f"{len(layers)}" if total is None else f"{len(layers)} of {total}"


def _settled(experiment: Experiment, outcomes: Sequence[Outcome]) -> Iterator[str]:
    """Yield the rank that a recipe's `match` came to."""
    for recipe in experiment.recipes:
        for result in results_of(outcomes, recipe.id)[:1]:
            if "settled" in result.train_info:
                yield f"{recipe.id}: {_settled_text(result.train_info['settled'])}"


def _settled_text(settled: Info) -> str:
    size = f"r={settled['r']}" if settled["r"] is not None else f"reduction factor {settled['reduction_factor']:.4g}"
    return f"{size} to match {settled['recipe']} ({settled['parameters']:,} parameters)"


def _mean(results: Sequence[CellResult], read: Callable[[Info], float]) -> float:
    return mean(read(each.train_info) for each in results)


def _memory(info: Info) -> float:
    return float(info.get("accelerator_memory_max", info["rss_max"]))


def _seconds(info: Info) -> float:
    return float(sum(info["seconds"].values()))
