"""The comparison that a run's spec declares, over the cells that have ended."""

from collections.abc import Iterator, Sequence

from harness.compare.design import ABSENT, BASE, Arm, Design, FailedRun, ScoredRun, Varied
from harness.compare.existing import existing_notes, unknown_seeds
from harness.compare.sizes import sizes
from harness.errors import ComparisonError
from harness.ledger import Outcome, RunFolder
from harness.ledger.damage import refuse_damaged
from harness.records import CellFailure, CellResult, ChosenValues
from harness.spec.factors import variants
from harness.spec.records import NOT_POOLED, Comparison, Experiment


def design_of(run: RunFolder) -> Design:
    """Return the comparison that a run's spec declares, over the cells that have ended.

    A cell that failed, or has not run, is a failed run of its arm. Raises `ComparisonError` where nothing ran, and
    `DamagedError` where a record or scores are not as they were written.
    """
    experiment = run.experiment
    comparison = experiment.comparison
    if experiment.searches_alone:
        raise ComparisonError(f"{run.folder} is a search alone: nothing was trained that could be compared.")
    refuse_damaged(run)
    ended = {(outcome.cell.recipe, outcome.cell.seed): outcome for outcome in run.outcomes}
    if not any(isinstance(outcome, CellResult) for outcome in ended.values()):
        raise ComparisonError(f"{run.folder}: no cell has finished yet; `harness run` continues it.")

    unknown = unknown_seeds(experiment)

    def arm(name: str) -> Arm:
        seeds = [(seed, None if (name, seed) in unknown else seed) for seed in experiment.seeds]
        return Arm(name=name, runs=tuple(_entry(run, ended.get((name, seed)), known) for seed, known in seeds))

    def untuned(name: str) -> Arm:
        return Arm(name=name, runs=(_entry(run, ended.get((name, None)), None),))

    return Design(
        reference=arm(comparison.reference),
        candidates=tuple(map(arm, comparison.candidates)),
        base=untuned(BASE) if (BASE, None) in ended else None,
        controls=tuple(untuned(each.name) for each in experiment.controls),
        suites=experiment.suites,
        sesoi=comparison.sesoi,
        sesoi_reason=comparison.sesoi_reason,
        retention=comparison.retention,
        alpha=comparison.alpha,
        require_gain=comparison.require_gain,
        variances=comparison.variances,
        gate=comparison.gate,
        duplicates=comparison.duplicates,
        identical_runs=comparison.identical_runs,
        looks=experiment.looks,
        stop_at=comparison.stop_at,
        model=experiment.model.name,
        available=run.items,
        notes=tuple(_notes(run)),
        placebos=tuple((arm(name), arm(placebo)) for name, placebo in experiment.placebos.items()),
        grades=comparison.grades,
        sizes=sizes(experiment, run.outcomes),
        placebo_names=frozenset(recipe.id for recipe in experiment.recipes if recipe.control is not None),
        varied=tuple(
            Varied(arm=arm(each.id), centre=arm(each.centre), levels=each.levels)
            for each in variants(experiment.factors)
        ),
    )


def _notes(run: RunFolder) -> Iterator[str]:
    """Yield what a reader of the verdict must know of how the arms came about."""
    yield from _unequal_search(run.experiment, run.tuning)
    yield from _found(run, run.experiment.comparison)
    yield from _withdrawn(run.experiment.comparison)
    yield from existing_notes(run.experiment)


def _withdrawn(comparison: Comparison) -> Iterator[str]:
    """Yield what the spec of an earlier version asked for and is not done any more."""
    if comparison.pool_seed_variance:
        yield f"the spec asked for pool_seed_variance; every comparison has its own here: {NOT_POOLED}"


def _unequal_search(experiment: Experiment, tuning: Sequence[ChosenValues]) -> tuple[str, ...]:
    """Say it where some of the arms were searched for and others were not."""
    arms = {experiment.comparison.reference, *experiment.comparison.candidates}
    searched = {each.recipe for each in tuning}
    left = [name for name in sorted(arms) if name not in searched]
    if not left or not searched & arms:
        return ()
    names = ", ".join(sorted(searched & arms))
    trials = " or ".join(map(str, sorted({len(each.trials) for each in tuning})))
    return (f"unequal search: {names} had {trials} trials each to choose what to train with, {', '.join(left)} none.",)


def _found(run: RunFolder, comparison: Comparison) -> Iterator[str]:
    """Say it where the candidate is the best of many and the reference is as it was declared."""
    if run.found is not None:
        yield (
            f"unequal search: {run.found.recipe} was found in {len(run.found.trials)} trials, "
            f"{comparison.reference} is as declared, with none."
        )


def _entry(run: RunFolder, outcome: Outcome | None, seed: int | None) -> ScoredRun | FailedRun:
    if outcome is None:
        return FailedRun(kind=ABSENT, message="the cell has not run", seed=seed)
    if isinstance(outcome, CellFailure):
        return FailedRun(kind=outcome.kind, message=outcome.message, seed=seed)
    folder = run.cell_folder(outcome.cell)
    samples = {one.task: folder / one.samples for one in outcome.evaluations}
    return ScoredRun(folder=folder, seed=seed, samples=samples)
