"""``harness report RUN``: scores, costs and verdicts of a run again, from its ledger; or two runs beside each other."""

import argparse
import sys
from pathlib import Path

from harness import api
from harness.cli.formats import add_format_option, rendered
from harness.errors import UsageError
from harness.extras import require
from harness.ledger.lock import is_campaign
from harness.runs import Conclusion, Run, beside, conclude

FAILED_CELLS = 3


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the verb's arguments."""
    parser.add_argument(
        "folder", type=Path, metavar="RUN", help="a run folder, such as runs/gap, also of several models, or a bundle"
    )
    parser.add_argument("--against", type=Path, metavar="RUN2", help="another run, or a bundle, to put beside it")
    add_format_option(parser)
    parser.add_argument(
        "--tables", action="store_true", help="write scores.parquet and cells.parquet into the run folder, for queries"
    )
    parser.add_argument("--csv", type=Path, metavar="FILE", help="write every item's score in every cell there too")
    parser.add_argument("--parquet", type=Path, metavar="FILE", help="the same in parquet (needs the extra parquet)")


def run(args: argparse.Namespace) -> int:
    """Judge and print again; nothing is trained or scored."""
    if args.parquet is not None or args.tables:
        require("parquet", "--parquet" if args.parquet else "--tables")
    if is_campaign(args.folder):
        from harness.cli import over_models

        return over_models.report(args)
    if args.against is not None:
        return _beside(args)
    with api.opened(args.folder, told=True) as found:
        if args.csv is not None or args.parquet is not None:
            _write_scores(found, args.csv, args.parquet)
        if args.tables:
            _write_tables(found)
        return print_report(found, form=args.format)


def _beside(args: argparse.Namespace) -> int:
    given = [f"--{name}" for name in ("csv", "parquet", "tables") if getattr(args, name)]
    if given:
        raise UsageError(f"{', '.join(given)}: scores are written of one run; leave --against out.")
    with api.opened(args.folder) as first, api.opened(args.against) as second:
        names = _told_apart(str(args.folder), str(args.against))
        print(rendered(beside(first, second, names), args.format))
    return 0


def _told_apart(first: str, second: str) -> tuple[str, str]:
    """Return the last parts of two paths, or the paths where these are alike; two of one path are numbered."""
    if first == second:
        return f"{first} (1)", f"{second} (2)"
    short = Path(first).resolve().name, Path(second).resolve().name
    return short if short[0] != short[1] else (first, second)


def _write_tables(run: Run) -> None:
    from harness.compare.parquet import write_parquet
    from harness.storage import writing

    if run.bundled:
        raise UsageError("--tables: into a bundle nothing is written. Give --csv FILE or --parquet FILE.")
    with writing(run.folder, "Make room; nothing else is lost."):
        write_parquet(run.files)


def _write_scores(run: Run, as_csv: Path | None, as_parquet: Path | None) -> None:
    """Write the tidy table of a run's scores, a row an item, cell and metric; as CSV below a line of names."""
    import csv
    import io

    from harness.compare import tidy
    from harness.compare.exported import exported
    from harness.report.files import write_report

    rows = exported(run.files)
    if as_csv is not None:
        table = io.StringIO()
        csv.writer(table, lineterminator="\n").writerows((tidy.COLUMNS, *rows))
        write_report(as_csv, table.getvalue())
    if as_parquet is not None:
        write_report(as_parquet, tidy.as_parquet(rows))


def print_report(run: Run, *, written: bool = False, form: str = "text") -> int:
    """Print scores, costs and verdicts, write their files unless that is done, and return the exit code."""
    concluded = conclude(run)
    print(rendered(concluded.page if form == "html" else concluded.document, form))
    if not written:
        concluded.save()
    return report_code(concluded)


def report_code(concluded: Conclusion) -> int:
    """Return the exit code of a run that went on to its end; what could not be checked of it is said on stderr."""
    if unchecked := concluded.unchecked:
        print(f"harness: {unchecked}", file=sys.stderr)
    return FAILED_CELLS if concluded.files.failures else 0
