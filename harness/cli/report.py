"""``harness report RUN``: scores, costs and verdicts of a run again, from its ledger."""

import argparse
import sys
from pathlib import Path

from harness import api
from harness.runs import Conclusion, Run, conclude

FAILED_CELLS = 3


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the verb's arguments."""
    parser.add_argument("folder", type=Path, metavar="RUN", help="a run folder, such as runs/gap, or a bundle")
    parser.add_argument("--csv", type=Path, metavar="FILE", help="write every item's score in every cell there too")


def run(args: argparse.Namespace) -> int:
    """Judge and print again; nothing is trained or scored."""
    with api.opened(args.folder, told=True) as found:
        if args.csv is not None:
            _write_scores(args.csv, found)
        return print_report(found)


def _write_scores(file: Path, run: Run) -> None:
    """Write the tidy table of a run's scores, a row an item, cell and metric, below a line of names."""
    import csv
    import io

    from harness.compare.sources import read_tidy
    from harness.compare.tidy import COLUMNS
    from harness.report.files import write_report

    table = io.StringIO()
    csv.writer(table, lineterminator="\n").writerows((COLUMNS, *read_tidy(run.folder)))
    write_report(file, table.getvalue())


def print_report(run: Run, *, written: bool = False) -> int:
    """Print scores, costs and verdicts, write their files unless that is done, and return the exit code."""
    concluded = conclude(run)
    print(concluded.text)
    if not written:
        concluded.save()
    return report_code(concluded)


def report_code(concluded: Conclusion) -> int:
    """Return the exit code of a run that went on to its end; what could not be checked of it is said on stderr."""
    if unchecked := concluded.unchecked:
        print(f"harness: {unchecked}", file=sys.stderr)
    return FAILED_CELLS if concluded.files.failures else 0
