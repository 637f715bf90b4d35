"""The text of a plan: cells and suites with what they cost, and what the seeds and items can detect."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from harness.plan.costs import CellCost, Estimate
from harness.report.layout import head, prose, table
from harness.report.power import power_table
from harness.report.screening import screening_text
from harness.spec.records import Experiment

GIB = 2**30
MIB = 2**20


def plan_text(experiment: Experiment, estimate: Estimate, folder: Path) -> str:
    """Return the plan of an experiment."""
    parts = [
        head(experiment),
        f"{estimate.parameters / 1e6:,.1f} M parameters in {experiment.model.dtype} on {estimate.device} → {folder}",
        _cells(estimate),
        _suites(experiment, estimate),
        prose(_totals(estimate)),
        prose(_contamination(estimate)),
        power_table(estimate.power),
        *map(prose, _unknown(estimate)),
    ]
    return "\n\n".join(parts)


def _cells(estimate: Estimate) -> str:
    """Return a row a recipe, or several where its cells differ: seeds change nothing that is estimated."""
    rows = Counter((each.recipe, *_costs(each)) for each in estimate.cells)
    headers = ["recipe", "cells", "layers", "trainable", "tokens", "~train\n~score", "~peak\nGiB", "disk\nMiB"]
    settled = dict.fromkeys(f"{each.recipe}: {each.settled}" for each in estimate.cells if each.settled)
    lines = [[row[0], cells, *row[1:]] for row, cells in rows.items()]
    return "\n".join(["Cells, one a recipe and seed; the numbers are those of one", table(lines, headers), *settled])


def _costs(cell: CellCost) -> tuple[str, ...]:
    return (
        str(cell.layers or "–"),
        f"{cell.trainable:,}",
        f"{cell.tokens:,}",
        f"{duration(cell.train_seconds)}\n{duration(cell.evaluate_seconds)}",
        f"{cell.memory / GIB:.1f}",
        f"{cell.disk / MIB:.1f}",
    )


def _suites(experiment: Experiment, estimate: Estimate) -> str:
    rows = [
        [suite.task, suite.role, suite.metric, *map(round, estimate.suites[suite.task])] for suite in experiment.suites
    ]
    return table(rows, ["suite", "role", "metric", "items", "tokens an item"])


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


def _contamination(estimate: Estimate) -> str:
    """Return what was compared; what was not is said to be unchecked, never clean."""
    if estimate.screening is None:
        return "contamination: not checked, the training data is not at hand"
    text = screening_text(estimate.screening)
    return f"{text}; not checked: {', '.join(estimate.unscreened)}" if estimate.unscreened else text


def _unknown(estimate: Estimate) -> Iterator[str]:
    if estimate.assumed:
        yield f"assumed, not counted: {', '.join(estimate.assumed)}"
    if estimate.absent:
        yield f"not in the cache, and a plan downloads nothing (a run does): {', '.join(estimate.absent)}"
    yield from estimate.reasons


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
