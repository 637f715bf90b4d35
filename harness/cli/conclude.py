"""The end of ``run`` and all of ``report``: judge what the ledger holds, write ``verdict.json``, print."""

from harness.compare.runs import design_of
from harness.ledger import Run
from harness.ledger.files import write_json
from harness.report.run import run_text
from harness.verdict import judge

FAILED_CELLS = 3


def conclude(run: Run) -> int:
    """Print scores, costs and verdicts; return the exit code."""
    verdicts = judge(design_of(run))
    write_json(run.folder / "verdict.json", verdicts.to_json())
    print(run_text(run, verdicts))
    return FAILED_CELLS if run.failures else 0
