"""The text of a plan: cells and suites with what they cost, and what the seeds and items can detect."""

from pathlib import Path

from tabulate import tabulate

from harness.plan.costs import Estimate
from harness.report.power import power_table
from harness.spec.records import Experiment

GIB = 2**30
MIB = 2**20


def plan_text(experiment: Experiment, estimate: Estimate, folder: Path) -> str:
    """Return the plan of an experiment."""
    parts = [
        f"{experiment.name}: {experiment.description}",
        f"{estimate.parameters / 1e6:,.1f} M parameters in {experiment.model.dtype} on {estimate.device} → {folder}",
        _cells(estimate),
        _suites(experiment, estimate),
        _totals(estimate),
        power_table(experiment, {task: items for task, (items, _) in estimate.suites.items()}),
        *(f"assumed: {each}" for each in estimate.assumed),
    ]
    return "\n\n".join(parts)


def _cells(estimate: Estimate) -> str:
    rows = [
        [
            place,
            each.cell,
            each.layers or "–",
            f"{each.trainable:,}",
            f"{each.tokens:,}",
            duration(each.train_seconds),
            duration(each.evaluate_seconds),
            f"{each.memory / GIB:.1f}",
            f"{each.disk / MIB:.1f}",
        ]
        for place, each in enumerate(estimate.cells, start=1)
    ]
    headers = ["", "cell", "layers", "trainable", "tokens", "~train", "~score", "~peak GiB", "disk MiB"]
    settled = dict.fromkeys(f"{each.recipe}: {each.settled}" for each in estimate.cells if each.settled)
    return "\n".join([tabulate(rows, headers=headers, disable_numparse=True), *settled])


def _suites(experiment: Experiment, estimate: Estimate) -> str:
    rows = [
        [suite.task, suite.role, suite.metric, *map(round, estimate.suites[suite.task])] for suite in experiment.suites
    ]
    return tabulate(rows, headers=["suite", "role", "metric", "items", "tokens an item"])


def _totals(estimate: Estimate) -> str:
    everything = [*estimate.trials, *estimate.cells]
    seconds = sum(each.train_seconds + each.evaluate_seconds for each in everything)
    memory = max(each.memory for each in everything)
    disk = sum(each.disk for each in estimate.cells)
    return _search(estimate) + (
        f"estimate, from a calibration of a few seconds on this machine: about {duration(seconds)} of training and "
        f"scoring, {memory / GIB:.1f} GiB of memory at the peak, {disk / MIB:.0f} MiB kept on disk; start-up and "
        "downloads come on top"
    )


def _search(estimate: Estimate) -> str:
    if not estimate.trials:
        return ""
    seconds = sum(each.train_seconds for each in estimate.trials)
    return f"before them {len(estimate.trials)} trials of the search, about {duration(seconds)}\n"


def duration(seconds: float) -> str:
    """Return seconds as ``45 s``, ``3 min 20 s`` or ``2 h 05 min``."""
    minutes, left = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes:02} min"
    return f"{minutes} min {left:02} s" if minutes else f"{left} s"
