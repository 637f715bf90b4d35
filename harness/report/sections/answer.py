"""The first screen of a page: what became of every gap, how sure that is, and what to run next."""

from collections.abc import Iterable, Iterator, Sequence

from harness.declarations.places import shipped
from harness.ledger import RunFolder
from harness.ledger.lock import LOCK
from harness.records import CellFailure
from harness.report.document import Badge, Block, Cell, Command, Notice, Part, Prose, Table
from harness.report.sections.gaps import families, gap_cell
from harness.report.sections.statements import weight
from harness.spec.files import label
from harness.spec.records import Experiment
from harness.verdict.ranks import OPEN, rank
from harness.verdict.records import GapComparison, PersistenceComparison, Verdicts


def asked(experiment: Experiment) -> Iterator[Block]:
    """Yield what was asked, of which model, and with what."""
    yield Prose(experiment.description or experiment.name)
    yield Prose(_question(experiment))
    seeds = len(experiment.seeds)
    suites = ", ".join(f"{each.task} ({each.role.replace('_', '-')})" for each in experiment.suites)
    yield Prose(
        f"{experiment.model.name}: {arms_of(experiment)} × {seeds} seed{'s' if seeds != 1 else ''}, scored on {suites}."
    )
    if experiment.overrides:
        yield Prose(f"Changed for this run: {' '.join(experiment.overrides)}")


def arms_of(experiment: Experiment) -> str:
    """Return ``3 recipes``, with how many arms that were trained elsewhere stand beside them."""
    found = [f"{len(experiment.recipes)} recipes"] if experiment.recipes or not experiment.arms else []
    found += [f"{len(experiment.arms)} arms that were not trained here"] if experiment.arms else []
    return " and ".join(found)


def _question(experiment: Experiment) -> str:
    comparison, inside, outside = (
        experiment.comparison,
        _listed(each.task for each in experiment.suites_of("in_domain")),
        _listed(each.task for each in experiment.suites_of("out_of_domain")),
    )
    candidates = _listed(comparison.candidates)
    if not outside:
        return f"The question: is there a gap between {comparison.reference} and {candidates} on {inside}?"
    return (
        f"The question: does the gap between {comparison.reference} and {candidates} on {inside} persist on {outside}?"
    )


def _listed(names: Iterable[str]) -> str:
    return " and ".join(", ".join(names).rsplit(", ", 1))


def sureness(verdicts: Verdicts) -> Iterator[Block]:
    """Yield what the chance of an untrue verdict is, and on how much they rest."""
    yield Prose(f"How sure: {families(verdicts)}{_spread(verdicts)}")


def verdict_table(verdicts: Verdicts) -> Table:
    """Return a row a candidate: what became of its gap out-of-domain, and what it forgot."""
    primary: Sequence[PersistenceComparison | GapComparison] = verdicts.primary
    columns = dict.fromkeys(one.place for one in (*primary, *verdicts.guards))
    cells = {(one.candidate, one.place): one.verdict for one in (*primary, *verdicts.guards)}
    candidates = dict.fromkeys(one.candidate for one in (*primary, *verdicts.guards))
    return Table(
        title=(
            f"What became of each recipe's gap to {verdicts.reference}"
            f"{', and what it forgot against the untuned model' if verdicts.guards else ''}. "
            "A full sign marks a verdict that settles its question, a half one leaves something open."
        ),
        headers=("recipe", *columns),
        rows=tuple(
            (name, *(_badge(cells.get((name, column)), reference=name == verdicts.reference) for column in columns))
            for name in candidates
        ),
    )


def verdict_cells_of(verdicts: Verdicts) -> dict[tuple[str, str], Cell]:
    """Return each verdict with its gap below it, by the candidate and the suites that it is about."""
    primary: tuple[PersistenceComparison | GapComparison, ...] = (
        *verdicts.comparisons,
        *verdicts.in_domain,
        *verdicts.guards,
    )
    return {(one.candidate, one.place): (Badge(one.verdict, weight(one.verdict)), *_gap_of(one)) for one in primary}


def _gap_of(one: PersistenceComparison | GapComparison) -> Iterator[Part]:
    gap = gap_cell(one.gap_out if isinstance(one, PersistenceComparison) else one.gap, one.metric)
    if gap is not None:
        yield gap


def _badge(verdict: str | None, *, reference: bool) -> Cell:
    if verdict is None:
        return "reference" if reference else None
    return Badge(verdict, weight(verdict))


def _spread(verdicts: Verdicts) -> str:
    """Return how many seeds and items the verdicts rest on."""
    seeds = sorted({one.seeds for one in verdicts.comparisons} or {one.seeds for one in verdicts.in_domain})
    items = [one.items_in for one in verdicts.comparisons] + [one.items_out for one in verdicts.comparisons]
    items = items or [one.items for one in verdicts.in_domain]
    if not seeds or not items:
        return ""
    few = f"{min(items):,}" if min(items) == max(items) else f"{min(items):,} to {max(items):,}"
    return f" Judged on {' or '.join(map(str, seeds))} paired seeds and {few} items of a suite."


def next_steps(run: RunFolder, verdicts: Verdicts | None, *, placed: bool = True) -> Iterator[Block]:
    """Yield what to type next: what finishes the run, runs again what failed, or says what would settle the rest.

    Of a run that is not `placed`, in a bundle, nothing can be run: it says what is missing alone.
    """
    command, folder = run_command(run), label(run.folder)
    stopped = verdicts is not None and verdicts.looks is not None and verdicts.looks.stopped_at is not None
    left = len(run.cell_ids) - len(run.outcomes)
    if left and not stopped:
        yield Notice(f"Not finished: {left} of {len(run.cell_ids)} cells have not run yet.")
    if not placed:
        return
    if left and not stopped:
        yield Command(line=command, does="Next, the rest of the run; what is done is not repeated:")
    if any(isinstance(each, CellFailure) for each in run.outcomes):
        yield Command(line=f"{command} --retry-failed", does="Next, the cells that failed once more:")
    if verdicts is not None and not left and _leaves_open(verdicts):
        yield Command(
            line=f"harness plan {spec_name(run.experiment)} --from {folder}",
            does="Next, what more seeds and items would cost and show, at the spread that this run measured:",
        )


def _leaves_open(verdicts: Verdicts) -> bool:
    return any(rank(one.verdict) == OPEN or one.need is not None for one in verdicts.primary)


def spec_name(experiment: Experiment) -> str:
    """Return what a spec is called on the command line: the name of a shipped one, else its file."""
    inside = experiment.file.is_relative_to(shipped("specs"))
    return experiment.file.stem if inside else label(experiment.file)


def run_command(run: RunFolder, *, placed: bool = True) -> str:
    """Return the command that made a run, as it would be typed here, or beside its lock where it is not `placed`."""
    experiment = run.experiment
    if not placed:
        return f"harness run --locked {LOCK}"
    if run.lock.reproduces is not None:
        return f"harness run --locked {label(run.folder)}/{LOCK} --out {label(run.folder)}"
    return " ".join(["harness run", spec_name(experiment), *experiment.overrides, f"--out {label(run.folder)}"])
