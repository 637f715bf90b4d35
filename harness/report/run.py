"""The whole text of a run: few tables, then verdicts, failures and what was overridden."""

from harness.ledger import Run
from harness.report.costs import costs_table
from harness.report.forgetting import forgetting_table
from harness.report.layout import head, prose
from harness.report.marks import marks
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
        *marks(run),
    ]
    return "\n\n".join(part for part in parts if part)


def _unfinished(run: Run) -> str:
    cells, ended = len(run.cell_ids), len(run.outcomes)
    waiting = f"not finished: {cells - ended} of {cells} cells have not run yet; the same `harness run` continues"
    return waiting if ended < cells else ""
