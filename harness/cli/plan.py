"""``harness plan SPEC``: what would run, what it would cost, and what it could detect."""

import argparse
import json
from dataclasses import asdict

from harness import api
from harness.cli._common import add_spec_options, folder, load_spec, stages
from harness.extras import require

_STAGES = {
    "recipes": "the recipes, on the model's shape",
    "speed": "how fast this machine is",
    "tokens": "training rows and suites, in tokens",
    "contamination": "training rows against scored items",
    "identity": "what each cell is made from",
}


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the verb's arguments."""
    add_spec_options(parser)
    parser.add_argument(
        "--from",
        dest="from_runs",
        action="append",
        default=[],
        type=folder,
        metavar="RUN",
        help="take variances, and how likely a verdict is, from this run folder (repeatable)",
    )
    parser.add_argument(
        "--measure", action="store_true", help="measure this machine's speed again instead of taking what is kept"
    )
    parser.add_argument("--json", action="store_true", help="print JSON")


def run(args: argparse.Namespace) -> int:
    """Estimate and print."""
    require("run", "harness plan")
    experiment = load_spec(args)
    with stages(f"planning {experiment.name}", _STAGES) as on_stage:
        estimate = api.plan(experiment, from_runs=args.from_runs, measure=args.measure, on_stage=on_stage)
    if args.json:
        print(json.dumps(asdict(estimate), indent=2))
    else:
        from harness.report.documents import plan_document
        from harness.report.render.text import TextRenderer

        print(TextRenderer().render(plan_document(experiment, estimate, api.run_folder(experiment, args.out))))
    return 0
