"""The documents that there are: of a plan, of verdicts alone, of a whole run."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from harness.compare.costs import RunCosts
from harness.compare.held_out import HeldOutLoss
from harness.compare.prices import prices_of
from harness.compare.summaries import ScoreSummary
from harness.ledger import RunFolder
from harness.plan.cluster import OnCluster
from harness.plan.costs import Estimate
from harness.plan.ways import Way
from harness.plan.within import Within
from harness.report.document import Block, Document, Notice, Prose
from harness.report.sections.cluster import cluster_blocks
from harness.report.sections.costs import costs_table, serving_table, speed_table
from harness.report.sections.decision import decision_blocks
from harness.report.sections.diagnostics import diagnostics_tables
from harness.report.sections.factors import factor_tables
from harness.report.sections.forgetting import forgetting_tables
from harness.report.sections.gaps import families, gaps_block
from harness.report.sections.held_out import held_out_table
from harness.report.sections.looks import looks_blocks
from harness.report.sections.marks import contamination_text, marks
from harness.report.sections.phases import confirmation_blocks, found_table, phase_blocks
from harness.report.sections.placebos import placebo_tables
from harness.report.sections.plan import (
    cells_table,
    gate_blocks,
    outlook,
    planned_looks_blocks,
    planned_search,
    power_basis,
    power_block,
    suites_table,
    totals,
    trials_table,
    unknowns,
)
from harness.report.sections.prices import planned_prices, prices_table
from harness.report.sections.rows import rows_of_plan, rows_of_run
from harness.report.sections.search import choices_table, search_table
from harness.report.sections.statements import statements
from harness.report.sections.suites import inside_tables, outside_tables
from harness.report.sections.within import within_blocks
from harness.spec.files import label
from harness.spec.records import Experiment
from harness.verdict.decision import Decision, decide
from harness.verdict.records import Verdicts


def run_document(
    run: RunFolder,
    verdicts: Verdicts,
    costs: RunCosts,
    scores: Sequence[ScoreSummary],
    held_out: Sequence[HeldOutLoss] = (),
    *,
    decision: Decision,
    placed: bool = True,
) -> Document:
    """Return what ``harness run`` ends with: verdicts, tables, doubts, what to use, and where everything is.

    Where the files are is not said of a run that is not `placed`.
    """
    experiment, outcomes = run.experiment, run.outcomes
    blocks: tuple[Block, ...] = (
        _asked(experiment),
        *looks_blocks(verdicts.looks),
        *_unfinished(run, verdicts),
        *statements(verdicts, costs),
        *search_table(run.tuning),
        *phase_blocks(run.found, costs.search),
        *confirmation_blocks(run.found, verdicts, costs),
        *inside_tables(experiment, outcomes, verdicts, scores),
        *outside_tables(experiment, outcomes, verdicts, scores),
        *placebo_tables(experiment, verdicts, scores),
        *factor_tables(experiment, verdicts, scores),
        *held_out_table(held_out, verdicts.reference, verdicts.alpha),
        *costs_table(costs),
        *speed_table(costs),
        *forgetting_tables(verdicts, experiment, scores),
        *diagnostics_tables(run),
        *serving_table(costs),
        *prices_table(prices_of(costs, experiment.recipes, experiment.cost)),
        *([Prose(contamination_text(run.screening))] if run.screening else []),
        *rows_of_run(run),
        *marks(run),
        *decision_blocks(verdicts, decision, costs),
        *(_places(run) if placed else ()),
    )
    return Document(blocks)


def search_document(run: RunFolder, costs: RunCosts) -> Document:
    """Return what ``harness run`` ends with where a search is all: what each recipe trains with, and every trial."""
    if run.found is not None:
        where = Notice(f"{label(run.folder)}/search.json has all of it.")
        return Document((_asked(run.experiment), found_table(run.found), *phase_blocks(run.found, costs.search), where))
    return Document(
        (
            _asked(run.experiment),
            choices_table(run.tuning),
            *search_table(run.tuning),
            Notice(f"{label(run.folder)}/search.json has all of it; a recipe takes a rate over in its `training`."),
        )
    )


def verdicts_document(
    verdicts: Verdicts, *, details: bool = False, decision: Decision | None = None, costs: RunCosts | None = None
) -> Document:
    """Return what ``harness compare`` prints: tables of gaps and of forgetting, what was concluded, what to use."""
    return Document(
        (
            *looks_blocks(verdicts.looks),
            gaps_block(verdicts),
            Prose(families(verdicts)),
            *forgetting_tables(verdicts),
            *statements(verdicts, details=details),
            *decision_blocks(verdicts, decision or decide(verdicts.recommendation, None), costs),
        )
    )


def plan_document(
    experiment: Experiment,
    estimate: Estimate,
    folder: Path,
    fits: Within | None = None,
    cluster: OnCluster | None = None,
    *,
    ways: Sequence[Way] = (),
) -> Document:
    """Return what ``harness plan`` prints; what comes to a budget and to a cluster last, where they were given."""
    placed = () if cluster is None else tuple(cluster_blocks(cluster, ways, estimate))
    model = f"{estimate.parameters / 1e6:,.1f} M parameters in {experiment.model.dtype} on {estimate.device}"
    model += f", memory as on {estimate.memory_on}" if estimate.memory_on else ""
    if experiment.searches_alone:
        alone = (
            Prose(_head(experiment)),
            Prose(f"{model} → {folder}"),
            trials_table(estimate),
            *totals(experiment, estimate),
        )
        return Document((*alone, *unknowns(estimate), *placed))
    blocks: tuple[Block, ...] = (
        Prose(_head(experiment)),
        *outlook(estimate.power),
        Prose(f"{model} → {folder}"),
        *planned_search(experiment, estimate),
        cells_table(estimate),
        *rows_of_plan(estimate),
        suites_table(experiment, estimate),
        *totals(experiment, estimate),
        *planned_prices(experiment, estimate),
        power_block(estimate.power),
        *power_basis(estimate.power),
        *gate_blocks(estimate.power),
        *planned_looks_blocks(estimate.power),
        *unknowns(estimate),
        *(within_blocks(experiment, fits) if fits is not None else ()),
        *placed,
    )
    return Document(blocks)


def _asked(experiment: Experiment) -> Prose:
    """Return what a run was asked, and what was changed for it."""
    overridden = f"\noverridden: {' '.join(experiment.overrides)}" if experiment.overrides else ""
    return Prose(f"{_head(experiment)}{overridden}")


def _head(experiment: Experiment) -> str:
    """Return an experiment's name and what it asks."""
    return f"{experiment.name}: {experiment.description}" if experiment.description else experiment.name


def _places(run: RunFolder) -> Iterator[Block]:
    """Yield where the verdicts' and costs' own files are, and the adapters."""
    folder = label(run.folder)
    files = f"{folder}/report.html is the page, {folder}/verdict.json has the verdicts and costs.json the costs"
    kept = [cell for cell in run.cell_ids if (run.cell_folder(cell) / "adapter").is_dir()]
    adapters = f"; adapters are in {folder}/cells/CELL/adapter, such as {kept[0]}" if kept else ""
    yield Notice(f"{files}{adapters}.")


def _unfinished(run: RunFolder, verdicts: Verdicts) -> Iterator[Block]:
    cells, ended = len(run.cell_ids), len(run.outcomes)
    stopped = verdicts.looks is not None and verdicts.looks.stopped_at is not None
    if ended < cells and not stopped:
        seen = verdicts.looks is None and any(one.seeds > 1 for one in verdicts.in_domain)
        early = "; who judges before the end can stop, so that the journal notes it and later verdicts say so"
        yield Prose(
            f"not finished: {cells - ended} of {cells} cells have not run yet; the same `harness run` continues"
            f"{early if seen else ''}"
        )
