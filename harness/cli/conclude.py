"""The end of ``run`` and all of ``report``: judge what the ledger holds, print, write ``verdict.json``."""

from harness.compare.design import design_of
from harness.errors import HarnessError
from harness.ledger import Run
from harness.ledger.files import write_json
from harness.report.run import run_text
from harness.verdict import judge

FAILED_CELLS = 3


def conclude(run: Run) -> int:
    """Print scores, costs and verdicts; return the exit code."""
    verdicts = judge(design_of(run))
    print(run_text(run, verdicts))
    path = run.folder / "verdict.json"
    try:
        write_json(path, verdicts.to_json())
    except OSError as error:
        raise HarnessError(f"{path} cannot be written ({error.strerror}); what is printed above is whole.") from error
    return FAILED_CELLS if run.failures else 0
