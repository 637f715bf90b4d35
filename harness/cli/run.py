"""``harness run SPEC``: train, score, compare; the same command resumes."""

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from harness import api
from harness.cli._common import add_override_options, load_spec
from harness.cli.parts import asked_of_run, code_of, tell_parts
from harness.cli.report import print_report, report_code
from harness.errors import FAILURE_KINDS, UsageError
from harness.extras import require
from harness.runs import Run, conclude
from harness.spec import Campaign
from harness.spec.records import Experiment

if TYPE_CHECKING:
    from harness.execution.reproduction import Original
    from harness.execution.selection import Selection
    from harness.execution.watcher import Watcher


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the verb's arguments."""
    parser.add_argument("spec", nargs="?", help="a spec file, or the name of a shipped one such as gap or quick")
    parser.add_argument(
        "--locked",
        type=Path,
        metavar="LOCK",
        help="make the run of this spec.lock.json, or run folder, again instead, and say what differs",
    )
    add_override_options(parser)
    parser.add_argument(
        "--retry",
        type=_retried,
        metavar="failed[:KIND]",
        help=f"run cells again that failed before: all, or those of a kind: {', '.join(FAILURE_KINDS)}",
    )
    parser.add_argument("--retry-failed", action="store_true", help="the same as --retry failed")
    parser.add_argument("--repair", action="store_true", help="make again what is damaged in the run folder")
    part = parser.add_mutually_exclusive_group()
    part.add_argument(
        "--cells", nargs="+", default=[], metavar="ID", help="run these cells or trials, and what they wait for, alone"
    )
    part.add_argument(
        "--next",
        dest="units",
        type=_count,
        metavar="N",
        help="run the next N cells or trials that nobody has; waits for those in others' hands",
    )
    parser.add_argument("--go-on", action="store_true", help="go past looks at which the run stops; the report says so")
    shown = parser.add_mutually_exclusive_group()
    shown.add_argument("--quiet", action="store_true", help="show no progress, only what failed, and then the report")
    shown.add_argument(
        "--json-lines",
        action="store_true",
        help="print what happens as one JSON object a line, the verdicts in the last, and no report",
    )
    parser.add_argument("--dry-run", action="store_true", help="run nothing: the same as `harness plan`")


def _count(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of units from 1 on")
    return int(text)


def _retried(text: str) -> tuple[str, ...]:
    """Return the kinds of failure that ``failed`` or ``failed:KIND`` names."""
    what, _, kind = text.partition(":")
    if what != "failed" or (kind or FAILURE_KINDS[0]) not in FAILURE_KINDS or text.endswith(":"):
        raise argparse.ArgumentTypeError(f"{text!r} is not failed, or failed: and one of {', '.join(FAILURE_KINDS)}")
    return (kind,) if kind else FAILURE_KINDS


def _original(args: argparse.Namespace) -> "Original | None":
    """Return the lock that the run is held to, None where it is of a spec."""
    if (args.spec is None) == (args.locked is None):
        raise UsageError("Name either a spec or, with --locked, the lock of a run that is to be made again.")
    if args.locked is None:
        return None
    changes = [name for name in ("set", "seeds", "limit", "only", "dry_run") if getattr(args, name)]
    if changes:
        named = ", ".join(f"--{name.replace('_', '-')}" for name in changes)
        raise UsageError(f"{named}: what a lock says is run as it is; take a spec to change or to plan it.")
    require("run", "harness run --locked")
    from harness.execution.reproduction import original

    return original(args.locked)


def _relocated(args: argparse.Namespace, original: "Original") -> Experiment:
    return api.load_locked(original, include=args.include_path, device=args.device, workers=args.workers)


def run(args: argparse.Namespace) -> int:
    """Run the experiment and print its scores and verdicts; or plan it."""
    args.original = original = _original(args)
    if args.dry_run:
        return _plan(args)
    require("run", "harness run")
    experiment = load_spec(args) if original is None else _relocated(args, original)
    if isinstance(experiment, Campaign):
        from harness.cli import over_models

        return over_models.run(args, experiment)

    from harness.ledger.claims import rhythm_of
    from harness.ledger.mounts import advice
    from harness.ledger.presence import at_work

    folder = api.run_folder(experiment, args.out)
    shared = experiment.execute.shared_folder or rhythm_of(folder) is not None
    if said := advice(folder, by_heartbeat=shared):
        print(f"note: {said}", file=sys.stderr)
    with at_work(folder, experiment, go_on=args.go_on):
        if args.json_lines:
            return _told_in_lines(args, experiment, folder)

        from harness.cli.display import watching

        with watching(experiment, folder, quiet=args.quiet) as watcher:
            finished = _run(args, experiment, folder, watcher)
        if (part := _unfinished(finished)) is not None:
            tell_parts({"": part}, folder)
            return code_of(part)
        return print_report(finished, written=True)


def _run(args: argparse.Namespace, experiment: Experiment, folder: Path, watcher: "Watcher") -> Run:
    return api.run(experiment, out=folder, watcher=watcher, locked=args.original, **asked_of_run(args))


def _unfinished(run: Run) -> "Selection | None":
    """Return the part that ran here of a run that goes on, None where all of it has ended."""
    return None if run.part is None or run.part.whole else run.part


def _told_in_lines(args: argparse.Namespace, experiment: Experiment, folder: Path) -> int:
    """Run with a JSON line for everything that happens; return the exit code, which the last line says too."""
    from harness.cli.json_lines import JsonLines

    lines = JsonLines(sys.stdout)
    lines.begin(experiment, str(folder))
    finished = _run(args, experiment, folder, lines)
    if (part := _unfinished(finished)) is not None:
        lines.conclude(str(folder), code_of(part), None)
        return code_of(part)
    concluded = conclude(finished)
    code = report_code(concluded)
    lines.conclude(str(folder), code, None if concluded.verdicts is None else concluded.verdicts.to_json())
    return code


def _plan(args: argparse.Namespace) -> int:
    """Do what `harness plan` does. What is about a run alone says nothing of a plan."""
    from harness.cli import plan

    of_a_run = ("retry", "retry_failed", "repair", "cells", "units", "go_on", "quiet", "json_lines")
    given = [f"--{name.replace('_', '-').replace('units', 'next')}" for name in of_a_run if getattr(args, name)]
    if given:
        raise UsageError(f"--dry-run is `harness plan`, which knows no {', '.join(given)}: leave that out.")
    return plan.run(argparse.Namespace(**{**plan.NOTHING_ASKED, **vars(args)}))
