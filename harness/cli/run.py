"""``harness run SPEC``: train, score, compare; the same command resumes."""

import argparse
from pathlib import Path

from harness.cli._common import add_spec_options, folder_of, load_spec
from harness.cli.report import print_report
from harness.extras import require


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the verb's arguments."""
    add_spec_options(parser)
    parser.add_argument("--retry-failed", action="store_true", help="run cells again that failed before")


def run(args: argparse.Namespace) -> int:
    """Run the experiment and print its scores and verdicts."""
    require("run", "harness run")
    experiment = load_spec(args)
    folder: Path = folder_of(args, experiment)

    from harness.cli.display import watching
    from harness.execution.run import Options, execute

    with watching(experiment, folder) as watcher:
        finished = execute(experiment, folder, watcher, Options(retry_failed=args.retry_failed))

    return print_report(finished)
