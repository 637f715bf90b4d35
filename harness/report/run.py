"""What a run ends with: scores, verdicts, failures, as text and as ``verdict.json``."""

from harness.ledger import Run
from harness.report.scores import scores_table


def conclude(run: Run) -> str:
    """Return the text."""
    return scores_table(run.experiment, run.outcomes)
