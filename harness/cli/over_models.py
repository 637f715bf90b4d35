"""What `run`, `plan` and `report` do with an experiment of several models."""

import argparse
import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness import api, campaigns
from harness.cli._common import PLANNING, stages
from harness.cli.formats import rendered
from harness.cli.parts import asked_of_run, code_of, tell_parts
from harness.cli.report import FAILED_CELLS, report_code
from harness.errors import HarnessError, StorageError, UsageError
from harness.runs import Run, conclude
from harness.spec import Campaign
from harness.spec.records import Experiment

if TYPE_CHECKING:
    from harness.execution.watcher import Watcher
    from harness.plan.costs import Estimate


def run(args: argparse.Namespace, campaign: Campaign) -> int:
    """Run the models one after the other and print the report over them; return the exit code."""
    from harness.ledger.mounts import advice

    folder = campaigns.folder_of(campaign, args.out)
    shared = any(each.execute.shared_folder for each in campaign.experiments.values())
    if said := advice(folder, by_heartbeat=shared):
        print(f"note: {said}", file=sys.stderr)
    lines = _lines(args, campaign, folder)
    found = campaigns.run(
        campaign,
        out=folder,
        **asked_of_run(args),
        observer=lines or _shown(campaign, quiet=args.quiet),
    )
    parts = found.parts
    if not found.is_whole:
        if lines is None:
            tell_parts(parts, found.folder)
        return code_of(*parts.values(), failed=bool(found.errors))
    concluded = campaigns.conclude(folder)
    if lines is None:
        print(rendered(concluded.document, "text"))
    return FAILED_CELLS if concluded.has_failures else 0


def _lines(args: argparse.Namespace, campaign: Campaign, folder: Path) -> campaigns.Observer | None:
    """Return what prints a JSON line for everything that happens, None where that is not asked for."""
    if not args.json_lines:
        return None
    from harness.cli.json_lines import JsonLines

    lines = JsonLines(sys.stdout)
    lines.begin_models(campaign.name, str(folder), list(campaign.experiments))

    @contextmanager
    def watching(_model: str, experiment: Experiment, place: Path) -> "Iterator[Watcher]":
        lines.begin(experiment, str(place))
        yield lines

    def done(_model: str, run: Run) -> None:
        if run.part is not None and not run.part.whole:
            lines.conclude(str(run.folder), code_of(run.part), None)
            return
        concluded = conclude(run)
        verdicts = None if concluded.verdicts is None else concluded.verdicts.to_json()
        lines.conclude(str(run.folder), report_code(concluded), verdicts)

    return campaigns.Observer(watching=watching, done=done, not_run=lambda m, error: lines.not_run(m, str(error)))


def _shown(campaign: Campaign, *, quiet: bool) -> campaigns.Observer:
    from harness.cli.display import watching as watching_one

    models = list(campaign.experiments)

    @contextmanager
    def watching(model: str, experiment: Experiment, place: Path) -> "Iterator[Watcher]":
        if not quiet:
            print(f"model {models.index(model) + 1} of {len(models)}: {model}", file=sys.stderr)
        with watching_one(experiment, place, quiet=quiet) as watcher:
            yield watcher

    return campaigns.Observer(
        watching=watching, not_run=lambda model, error: print(f"harness: {model}: {error}", file=sys.stderr)
    )


def plan(args: argparse.Namespace, campaign: Campaign) -> int:
    """Print what each model would take; one that cannot be planned is named with the reason."""
    given = [name for name in ("within", "cluster", "apply", "from_runs") if getattr(args, name)]
    if given:
        options = ", ".join(f"--{name.partition('_')[0]}" for name in given)
        raise UsageError(f"{options}: of one model. Name it with --only; the models are {', '.join(campaign.models)}.")
    estimates: dict[str, Estimate] = {}
    errors: dict[str, str] = {}
    for model, experiment in campaign.experiments.items():
        try:
            with stages(f"planning {model}", PLANNING) as on_stage:
                estimates[model] = api.plan(experiment, measure=args.measure, on_stage=on_stage)
        except (UsageError, StorageError):
            raise
        except HarnessError as error:
            errors[model] = str(error)
    if args.json:
        print(json.dumps(_plan_as_json(campaign, estimates, errors), indent=2))
    else:
        from harness.report.over_models import plan_over_models

        folder = campaigns.folder_of(campaign, args.out)
        said = {model: error.partition("\n")[0] for model, error in errors.items()}
        print(rendered(plan_over_models(campaign, estimates, said, folder), "text"))
    return HarnessError.exit_code if not estimates else 0


def _plan_as_json(campaign: Campaign, estimates: "dict[str, Estimate]", errors: dict[str, str]) -> dict[str, Any]:
    """Return the plans by model, each with its units' ids as `harness run --cells` takes them."""
    from harness.plan.units import units_of

    models: dict[str, Any] = {}
    for model, estimate in estimates.items():
        launch = asdict(units_of(campaign.experiments[model], estimate))
        for unit in launch["units"]:
            unit |= {"id": f"{model}/{unit['id']}", "after": [f"{model}/{each}" for each in unit["after"]]}
        models[model] = asdict(estimate) | {"launch": launch}
    return {"name": campaign.name, "models": models, "not_planned": errors}


def report(args: argparse.Namespace) -> int:
    """Judge the models that have ended and print the report over them; nothing is trained or scored."""
    given = [f"--{name}" for name in ("against", "csv", "parquet", "tables") if getattr(args, name)]
    if given:
        raise UsageError(f"{', '.join(given)}: of one run. Name a model's, such as {args.folder}/MODEL.")
    concluded = campaigns.conclude(args.folder)
    print(rendered(concluded.document, args.format))
    concluded.save()
    return FAILED_CELLS if concluded.has_failures else 0
