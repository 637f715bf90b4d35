"""What each recipe gives and takes: score and gap in-domain beside parameters, time, memory, size and price."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from statistics import mean
from typing import Any

from tabulate import tabulate

from harness.compare.metrics import metric
from harness.compare.times import results_of
from harness.ledger import Outcome
from harness.records import CellFailure, CellResult
from harness.report.gaps import gap_text
from harness.report.scores import BASE, NONE, score, spread
from harness.spec.records import Experiment, Suite
from harness.verdict.records import Verdicts

MIB = 2**20
GIB = 2**30
Info = Mapping[str, Any]


def recipes_table(experiment: Experiment, outcomes: Sequence[Outcome], verdicts: Verdicts) -> str:
    """Return the table with the untuned model first; costs are means a run, and below it stands what was settled."""
    suites = experiment.suites_of("in_domain")
    rows = [
        [
            _name(outcomes, recipe),
            *(cell for suite in suites for cell in (score(outcomes, recipe, suite), _gap(verdicts, recipe, suite))),
            *_costs(experiment, results_of(outcomes, recipe)),
        ]
        for recipe in (BASE, *(each.id for each in experiment.recipes))
    ]
    headers = ["recipe", *(cell for suite in suites for cell in (headline(suite), "gap"))]
    headers += ["trainable", "of all", "train s", "weights MiB", "peak GiB", "saved MiB"]
    if experiment.cost:
        headers.append("cost a run")
    table = tabulate(rows, headers=headers, disable_numparse=True)
    return "\n".join([table, *_settled(experiment, outcomes)])


def headline(suite: Suite) -> str:
    """Return a column's heading: the suite, its metric and which way is up."""
    way = {True: "\nhigher is better", False: "\nlower is better", None: ""}[metric(suite.metric).higher_is_better]
    return f"{suite.task}\n{suite.metric}{way}"


def _name(outcomes: Sequence[Outcome], recipe: str) -> str:
    failed = sum(isinstance(each, CellFailure) and each.cell.recipe == recipe for each in outcomes)
    return f"{recipe}\n({failed} failed)" if failed else recipe


def _gap(verdicts: Verdicts, recipe: str, suite: Suite) -> str:
    one = next((one for one in verdicts.in_domain if (one.candidate, one.task) == (recipe, suite.task)), None)
    if one is None:
        return "reference" if recipe == verdicts.reference else NONE
    return f"{gap_text(one.gap, one.metric)}\n{one.verdict}"


def _costs(experiment: Experiment, results: Sequence[CellResult]) -> list[str]:
    if not any("train_time" in each.train_info for each in results):
        return [NONE] * (6 + bool(experiment.cost))
    first = results[0].train_info
    row = [
        f"{first['num_trainable_params']:,}",
        f"{first['num_trainable_params'] / first['num_total_params']:.3%}",
        spread([each.train_info["train_time"] for each in results], digits=1),
        f"{_mean(results, lambda info: float(info['footprint'])) / MIB:.0f}",
        f"{_mean(results, _memory) / GIB:.2f}",
        f"{_mean(results, lambda info: float(info['file_size'])) / MIB:.1f}",
    ]
    price = experiment.cost.get("per_hour")
    return row if price is None else [*row, f"{_mean(results, _seconds) / 3600 * price:.4f}"]


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
