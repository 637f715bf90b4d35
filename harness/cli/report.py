"""``harness report RUN``: scores, costs and verdicts of a run again, from its ledger."""

import argparse
from pathlib import Path

from harness.ledger import Run, read

FAILED_CELLS = 3


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the verb's arguments."""
    parser.add_argument("folder", type=Path, metavar="RUN", help="a run folder, such as runs/gap")


def run(args: argparse.Namespace) -> int:
    """Judge and print again; nothing is trained or scored."""
    return print_report(read(args.folder))


def print_report(run: Run) -> int:
    """Print scores, costs and verdicts, write ``verdict.json``, and return the exit code."""
    from harness.compare.design import design_of
    from harness.errors import HarnessError
    from harness.ledger.files import write_json
    from harness.report.run import run_text
    from harness.verdict import judge

    verdicts = judge(design_of(run))
    print(run_text(run, verdicts))
    path = run.folder / "verdict.json"
    try:
        write_json(path, verdicts.to_json())
    except OSError as error:
        raise HarnessError(f"{path} cannot be written ({error.strerror}); what is printed above is whole.") from error
    return FAILED_CELLS if run.failures else 0
