"""What each recipe took: parameters, time, memory, size, and price where the spec declares one."""

from collections.abc import Callable, Sequence
from statistics import mean
from typing import Any

from tabulate import tabulate

from harness.ledger import Outcome
from harness.records import CellFailure, CellResult
from harness.report.scores import spread
from harness.spec.records import Experiment
from harness.statistics.speedup import speed_up

MIB = 2**20
GIB = 2**30


def costs_table(experiment: Experiment, outcomes: Sequence[Outcome]) -> str:
    """Return the table, means over seeds; `speed-up` is that of training against the reference, seed by seed."""
    reference = _results(outcomes, experiment.comparison.reference)
    rows = [_row(experiment, each.id, outcomes, reference) for each in experiment.recipes]
    headers = ["recipe", "runs", "trainable", "train s", "speed-up", "tokens/s", "peak GiB", "saved MiB"]
    if experiment.cost:
        headers.append("cost a run")
    return tabulate(rows, headers=headers, disable_numparse=True)


def _row(
    experiment: Experiment, recipe: str, outcomes: Sequence[Outcome], reference: Sequence[CellResult]
) -> list[str]:
    results = _results(outcomes, recipe)
    failed = sum(isinstance(each, CellFailure) and each.cell.recipe == recipe for each in outcomes)
    if not results:
        return [recipe, f"0 ({failed} failed)"]
    row = [
        recipe,
        f"{len(results)}" + (f" ({failed} failed)" if failed else ""),
        f"{results[0].train_info['num_trainable_params']:,}",
        spread([each.train_info["train_time"] for each in results], digits=1),
        _speed_up(reference, results),
        f"{_mean(results, lambda info: info['tokens_per_second']):.0f}",
        f"{_mean(results, _memory) / GIB:.2f}",
        f"{_mean(results, lambda info: info['file_size']) / MIB:.1f}",
    ]
    price = experiment.cost.get("per_hour")
    return row if price is None else [*row, f"{_mean(results, _seconds) / 3600 * price:.4f}"]


def _speed_up(reference: Sequence[CellResult], results: Sequence[CellResult]) -> str:
    """Compare training times of the seeds that both have; a recipe beside itself has none."""
    first = {each.cell.seed: each.train_info["train_time"] for each in reference}
    second = {each.cell.seed: each.train_info["train_time"] for each in results}
    shared = [seed for seed in first if seed in second]
    found = speed_up([first[seed] for seed in shared], [second[seed] for seed in shared])
    if found is None or (reference and results[0].cell.recipe == reference[0].cell.recipe):
        return "–"
    return f"{found.estimate:.2f}× [{found.low:.2f}, {found.high:.2f}]"


def _results(outcomes: Sequence[Outcome], recipe: str) -> list[CellResult]:
    return [each for each in outcomes if isinstance(each, CellResult) and each.cell.recipe == recipe]


def _mean(results: Sequence[CellResult], read: Callable[[Any], float]) -> float:
    return mean(read(each.train_info) for each in results)


def _memory(info: Any) -> float:
    return float(info.get("accelerator_memory_max", info["rss_max"]))


def _seconds(info: Any) -> float:
    return float(sum(info["seconds"].values()))
