"""``harness run SPEC``: train, score, compare; the same command resumes."""

import argparse

from harness import api
from harness.cli._common import add_spec_options, load_spec
from harness.cli.report import print_report
from harness.extras import require


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the verb's arguments."""
    add_spec_options(parser)
    parser.add_argument("--retry-failed", action="store_true", help="run cells again that failed before")
    parser.add_argument("--repair", action="store_true", help="make again what is damaged in the run folder")
    parser.add_argument("--go-on", action="store_true", help="go past looks at which the run stops; the report says so")


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
                retry_failed=args.retry_failed,
                repair=args.repair,
                go_on=args.go_on,
                watcher=watcher,
            )
        return print_report(finished, anew=False)
