"""The whole text of a run: few tables, then verdicts, failures and what was overridden."""

from collections.abc import Iterator

from harness.ledger import Run
from harness.records import CellFailure, CellResult
from harness.report.costs import costs_table
from harness.report.forgetting import forgetting_table
from harness.report.layout import head, prose
from harness.report.screening import screening_text
from harness.report.serving import serving_table
from harness.report.speed import speed_table
from harness.report.suite import inside_tables, outside_tables
from harness.report.tuning import tuning_table
from harness.report.verdict import statements
from harness.verdict import Verdicts


def run_text(run: Run, verdicts: Verdicts) -> str:
    """Return what ``harness run`` ends with; nothing is computed here."""
    experiment, outcomes = run.experiment, run.outcomes
    overridden = f"\noverridden: {' '.join(experiment.overrides)}" if experiment.overrides else ""
    parts = [
        f"{head(experiment)}{overridden}",
        _unfinished(run),
        tuning_table(run.tuning),
        inside_tables(experiment, outcomes, verdicts),
        outside_tables(experiment, outcomes, verdicts),
        costs_table(experiment, outcomes),
        speed_table(experiment, outcomes),
        forgetting_table(verdicts, experiment, outcomes),
        serving_table(experiment, outcomes),
        statements(verdicts),
        prose(screening_text(run.screening)) if run.screening else "",
        *_marks(run),
    ]
    return "\n\n".join(part for part in parts if part)


def _unfinished(run: Run) -> str:
    cells, ended = len(run.cell_ids), len(run.outcomes)
    waiting = f"not finished: {cells - ended} of {cells} cells have not run yet; the same `harness run` continues"
    return waiting if ended < cells else ""


def _marks(run: Run) -> Iterator[str]:
    """Yield what a reader must know of single cells: failures, guards that did not pass, unpaired data."""
    outcomes = run.outcomes
    for outcome in outcomes:
        if isinstance(outcome, CellFailure):
            yield f"failed: {outcome.cell.id} ({outcome.kind} in {outcome.stage}): {outcome.message}"
    results = [each for each in outcomes if isinstance(each, CellResult) and each.cell.seed is not None]
    for result in results:
        failed = [name for name, guard in result.train_info["guards"].items() if guard["passed"] is False]
        if failed:
            yield f"guard not passed: {result.cell.id}: {', '.join(failed)}; see its result.json"
    for seed in sorted({each.cell.seed for each in results if each.cell.seed is not None}):
        of_seed = [each.train_info for each in results if each.cell.seed == seed]
        orders = [info["order"] for info in of_seed if "stages" not in info]  # those declare other data
        if any(len(set(step)) > 1 for step in zip(*orders, strict=False)):
            yield f"not paired: recipes with seed {seed} did not train on the same examples in the same order"
