"""``harness plan --within … --apply``: seeds and items that fit a budget, written into the spec that was planned."""

import argparse
from collections.abc import Iterator
from typing import TYPE_CHECKING

from harness.codec import JSON
from harness.errors import UsageError
from harness.spec.files import is_path, label
from harness.spec.records import Experiment

if TYPE_CHECKING:
    from harness.plan.within import Fit


def check_applicable(args: argparse.Namespace) -> None:
    """Raise `UsageError`, before anything is measured, where nothing could be written."""
    if not args.apply:
        return
    if args.within is None:
        raise UsageError("--apply writes what fits into a budget: say which with --within 2h.")
    if not is_path(args.spec):
        raise UsageError(
            f"--apply writes a file of your own, and {args.spec!r} is a shipped name: write a spec that extends it, or "
            "copy it, and give its path."
        )
    if args.seeds is not None or args.limit is not None or args.set:
        raise UsageError("--apply writes seeds and limit into the file: leave --seeds, --limit and --set out.")


def apply_fit(experiment: Experiment, fit: "Fit | None", most_items: int) -> str:
    """Write a fit into the experiment's file, whole or not at all; return what changed.

    Every other character stays. Raises `UsageError` where nothing fits, `StorageError` where it cannot be written.
    """
    from harness.ledger.files import write_text
    from harness.spec.rewrite import rewritten
    from harness.storage import writing

    if fit is None:
        raise UsageError("--apply: nothing that shows anything fits into this budget; the spec is as it was.")
    if experiment.arms and fit.seeds != len(experiment.seeds):
        arms = ", ".join(arm.name for arm in experiment.arms)
        raise UsageError(
            f"--apply: {fit.seeds} seeds fit, and {arms} list a model for each of {len(experiment.seeds)}: change both "
            "by hand; the spec is as it was."
        )
    text, said = experiment.file.read_text(encoding="utf-8"), []
    for path, before, after in _changes(experiment, fit, most_items):
        text = rewritten(text, path, after)
        said.append(f"{'.'.join(path)}: {before} → {after}")
    if not said:
        return f"{label(experiment.file)} is as it was: this is what it plans already."
    with writing(experiment.file):
        write_text(experiment.file, text)
    return f"{label(experiment.file)} written: {'; '.join(said)}"


def _changes(experiment: Experiment, fit: "Fit", most_items: int) -> Iterator[tuple[tuple[str, ...], JSON, JSON]]:
    """Yield where something changes, what it was and what it becomes."""
    from harness.plan.within import seeds_of

    seeds = list(seeds_of(experiment, fit.seeds))
    if seeds != list(experiment.seeds):
        yield ("seeds",), list(experiment.seeds), seeds
        if any(look > 1 for look in experiment.comparison.looks):
            yield ("comparison", "looks"), list(experiment.comparison.looks), []
    if fit.limit < most_items:
        yield ("evaluation", "limit"), experiment.evaluation.limit, fit.limit
