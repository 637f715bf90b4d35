"""``harness plan SPEC``: what would run, what it would cost, and what it could detect."""

import argparse
import json
from dataclasses import asdict

from harness import api
from harness.cli._common import add_spec_options, load_spec
from harness.extras import require


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the verb's arguments."""
    add_spec_options(parser)
    parser.add_argument("--json", action="store_true", help="print JSON")


def run(args: argparse.Namespace) -> int:
    """Estimate and print."""
    require("run", "harness plan")
    experiment = load_spec(args)
    estimate = api.plan(experiment)
    if args.json:
        print(json.dumps(asdict(estimate), indent=2))
    else:
        from harness.report.documents import plan_document
        from harness.report.render.text import TextRenderer

        print(TextRenderer().render(plan_document(experiment, estimate, api.run_folder(experiment, args.out))))
    return 0
