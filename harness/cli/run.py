"""``harness run SPEC``: train, score, compare; the same command resumes."""

import argparse

from harness import api
from harness.cli._common import add_spec_options, load_spec
from harness.cli.report import print_report
from harness.errors import FAILURE_KINDS
from harness.extras import require


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the verb's arguments."""
    add_spec_options(parser)
    parser.add_argument(
        "--retry",
        type=_retried,
        metavar="failed[:KIND]",
        help=f"run cells again that failed before: all, or those of a kind: {', '.join(FAILURE_KINDS)}",
    )
    parser.add_argument("--retry-failed", action="store_true", help="the same as --retry failed")
    parser.add_argument("--repair", action="store_true", help="make again what is damaged in the run folder")
    parser.add_argument("--go-on", action="store_true", help="go past looks at which the run stops; the report says so")


def _retried(text: str) -> tuple[str, ...]:
    """Return the kinds of failure that ``failed`` or ``failed:KIND`` names."""
    what, _, kind = text.partition(":")
    if what != "failed" or (kind or FAILURE_KINDS[0]) not in FAILURE_KINDS or text.endswith(":"):
        raise argparse.ArgumentTypeError(f"{text!r} is not failed, or failed: and one of {', '.join(FAILURE_KINDS)}")
    return (kind,) if kind else FAILURE_KINDS


def run(args: argparse.Namespace) -> int:
    """Run the experiment and print its scores and verdicts."""
    require("run", "harness run")
    experiment = load_spec(args)

    from harness.cli.display import watching
    from harness.ledger.presence import at_work

    folder = api.run_folder(experiment, args.out)
    with at_work(folder, experiment, go_on=args.go_on):
        with watching(experiment, folder) as watcher:
            finished = api.run(
                experiment,
                out=folder,
                retry_failed=args.retry or args.retry_failed,
                repair=args.repair,
                go_on=args.go_on,
                watcher=watcher,
            )
        return print_report(finished, written=True)
