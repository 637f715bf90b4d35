"""From a run folder of ours to a design."""

from collections.abc import Mapping, Sequence
from typing import Any

from harness.compare.design import Arm, Design, FailedRun, ScoredRun
from harness.errors import ComparisonError
from harness.ledger import Outcome, Run
from harness.records import CellFailure, CellResult
from harness.spec.records import Experiment

BASE = "base"


def design_of(run: Run) -> Design:
    """Return the comparison that a run's spec declares, over the cells that have ended.

    A cell that failed, or has not run, is a failed run of its arm. Raises `ComparisonError` where nothing ran.
    """
    experiment = run.experiment
    comparison = experiment.comparison
    ended = {(outcome.cell.recipe, outcome.cell.seed): outcome for outcome in run.outcomes}
    if not any(isinstance(outcome, CellResult) for outcome in ended.values()):
        raise ComparisonError(f"{run.folder}: no cell has finished yet; `harness run` continues it.")

    def arm(name: str) -> Arm:
        return Arm(name=name, runs=tuple(_entry(run, ended.get((name, seed)), seed) for seed in experiment.seeds))

    base = ended.get((BASE, None))
    return Design(
        reference=arm(comparison.reference),
        candidates=tuple(arm(name) for name in comparison.candidates),
        base=Arm(name=BASE, runs=(_entry(run, base, None),)) if base else None,
        suites=experiment.suites,
        sesoi=comparison.sesoi,
        retention=comparison.retention,
        alpha=comparison.alpha,
        pool_seed_variance=comparison.pool_seed_variance,
        variances=comparison.variances,
        gate=comparison.gate,
        notes=_unequal_search(experiment, run.tuning),
    )


def _unequal_search(experiment: Experiment, tuning: Sequence[Mapping[str, Any]]) -> tuple[str, ...]:
    """Say it where some of the arms were searched for and others were not."""
    arms = {experiment.comparison.reference, *experiment.comparison.candidates}
    searched = {each["recipe"] for each in tuning}
    left = [name for name in sorted(arms) if name not in searched]
    if not left or not searched & arms:
        return ()
    names = ", ".join(sorted(searched & arms))
    trials = len(tuning[0]["trials"])
    return (f"unequal search: {names} had {trials} trials each to choose what to train with, {', '.join(left)} none.",)


def _entry(run: Run, outcome: Outcome | None, seed: int | None) -> ScoredRun | FailedRun:
    if outcome is None:
        return FailedRun(kind="absent", message="the cell has not run", seed=seed)
    if isinstance(outcome, CellFailure):
        return FailedRun(kind=outcome.kind, message=outcome.message, seed=seed)
    folder = run.cell_folder(outcome.cell)
    samples = {one.task: folder / one.samples for one in outcome.evaluations}
    return ScoredRun(folder=folder, seed=seed, samples=samples)
