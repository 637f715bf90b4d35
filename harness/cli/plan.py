"""``harness plan SPEC``: what would run, what it would cost, and what it could detect."""

import argparse
import json
import sys
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from harness import api
from harness.cli._common import PLANNING, add_spec_options, alone, load_spec, run_folder, stages
from harness.cli.apply import apply_fit, check_applicable
from harness.extras import require
from harness.spec import Campaign

NOTHING_ASKED: Mapping[str, Any] = {
    "from_runs": [],
    "measure": False,
    "within": None,
    "apply": False,
    "cluster": None,
    "json": False,
}
"""The verb's own options as they are where none is given."""


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the verb's arguments."""
    add_spec_options(parser)
    parser.add_argument(
        "--from",
        dest="from_runs",
        action="append",
        default=[],
        type=Path,
        metavar="RUN",
        help="take variances, and how likely a verdict is, from this run folder or bundle (repeatable)",
    )
    parser.add_argument(
        "--measure", action="store_true", help="measure this machine's speed again instead of taking what is kept"
    )
    parser.add_argument(
        "--within",
        metavar="BUDGET",
        help="what fits into 2h, 90min, or a plain number, a price at the spec's cost.per_hour, and what it shows",
    )
    parser.add_argument("--apply", action="store_true", help="with --within: write seeds and items into the spec")
    parser.add_argument(
        "--cluster",
        type=Path,
        metavar="FILE",
        help="what it takes of the nodes that this JSON file declares: makespan, price, storage, what binds",
    )
    parser.add_argument("--json", action="store_true", help="print JSON, with the ids that `harness run --cells` takes")


def run(args: argparse.Namespace) -> int:
    """Estimate and print."""
    require("run", "harness plan")
    from harness.plan.cluster import on_cluster
    from harness.plan.nodes import read_nodes
    from harness.plan.units import units_of
    from harness.plan.ways import described, ways_on

    check_applicable(args)
    found = load_spec(args)
    if isinstance(found, Campaign) and len(found.experiments) > 1:
        from harness.cli import over_models

        return over_models.plan(args, found)
    experiment = alone(found)
    if args.within is not None:
        from harness.plan.within import seconds_of

        seconds_of(args.within, experiment.cost.get("per_hour"))  # a budget that is none is refused before measuring
    nodes = None if args.cluster is None else read_nodes(args.cluster)
    with stages(f"planning {experiment.name}", PLANNING) as on_stage:
        estimate = api.plan(
            experiment,
            from_runs=args.from_runs,
            measure=args.measure,
            memory_on=None if nodes is None else nodes.device,
            on_stage=on_stage,
        )
    fits = None
    if args.within is not None:
        fits = api.plan_within(experiment, args.within, estimate=estimate, from_runs=args.from_runs)
    cluster = None if nodes is None else on_cluster(experiment, estimate, nodes)
    ways = () if nodes is None else ways_on(experiment, estimate, nodes)
    if args.json:
        more = {"within": asdict(fits)} if fits else {}
        more |= {"cluster": asdict(cluster) | {"ways": list(map(described, ways))}} if cluster else {}
        units = asdict(units_of(experiment, estimate))
        print(json.dumps(asdict(estimate) | {"launch": units} | more, indent=2))
    else:
        from harness.report.documents import plan_document
        from harness.report.render.text import TextRenderer

        document = plan_document(experiment, estimate, run_folder(found, args.out), fits, cluster, ways=ways)
        print(TextRenderer().render(document))
    if fits is not None and args.apply:
        print(apply_fit(experiment, fits.best, max(count for count, _ in estimate.suites.values())), file=sys.stderr)
    return 0
