"""``harness plan SPEC``: what would run, what it would cost, and what it could detect."""

import argparse
import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

from harness.cli._common import add_spec_options, folder_of, load_spec
from harness.errors import HarnessError
from harness.extras import require


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the verb's arguments."""
    add_spec_options(parser)
    parser.add_argument("--json", action="store_true", help="print JSON")


def run(args: argparse.Namespace) -> int:
    """Estimate in a worker process and print."""
    require("run", "harness plan")
    experiment = load_spec(args)

    from harness.execution.job import Refused
    from harness.execution.process import describe_exit, run_in_process, start_server
    from harness.report.plan import plan_text
    from harness.sources import cache
    from harness.sources.offline import without_downloads

    said: list[Any] = []
    with without_downloads():
        start_server(cache.root() / "plan.log", remedy=cache.REMEDY)
        code = run_in_process("estimate", experiment, said.append)
    if not said:
        raise HarnessError(f"planning: {describe_exit(code)}; see {cache.root() / 'plan.log'}.")
    if isinstance(said[-1], Refused):
        raise said[-1].error()
    (costs,) = said
    folder: Path = folder_of(args, experiment)
    print(json.dumps(asdict(costs), indent=2) if args.json else plan_text(experiment, costs, folder))
    return 0
