"""A suite in a table: every recipe's score, its gap to the reference, and what is concluded from it."""

from collections.abc import Iterator, Mapping, Sequence

from harness.compare.design import BASE
from harness.compare.summaries import ScoreSummary
from harness.declarations.metrics import metric
from harness.ledger import Outcome
from harness.records import CellFailure
from harness.report.document import Block, Cell, Number, Part, Prose, Table
from harness.report.sections.gains import control_sentences, share_cells, share_headers
from harness.report.sections.gaps import ADJUSTED, about_gaps, families, verdict_cells
from harness.spec.factors import variants
from harness.spec.records import Experiment, Suite
from harness.verdict.records import Verdicts

HEADERS = ("recipe", "score", ("gap", "[interval]"), ADJUSTED, "verdict")
Ends = Mapping[str, Sequence[tuple[Cell, ...]]]
"""By recipe, what stands after its score: gap, p, verdict and share, several times where several gaps became of one."""


def inside_tables(
    experiment: Experiment, outcomes: Sequence[Outcome], verdicts: Verdicts, scores: Sequence[ScoreSummary]
) -> Iterator[Block]:
    """Yield a table for each in-domain suite, the untuned model first; what a gap is stands above them."""
    seeds = len({each.cell.seed for each in outcomes} - {None})
    spread = f"Scores: mean ± SD over {seeds} seeds. " if seeds > 1 else ""
    yield Prose(f"{spread}{about_gaps(verdicts)}. {families(verdicts)}")
    for suite in experiment.suites_of("in_domain"):
        starts = _starts(experiment, outcomes, scores, suite)
        yield _table(f"In-domain: {headline(suite)}", experiment, verdicts, starts, _inside(verdicts, suite))
        yield from control_sentences(verdicts, suite.task)


def outside_tables(
    experiment: Experiment, outcomes: Sequence[Outcome], verdicts: Verdicts, scores: Sequence[ScoreSummary]
) -> Iterator[Block]:
    """Yield a table for each out-of-domain suite, with what became there of the gap."""
    several = len(experiment.suites_of("in_domain")) > 1
    for suite in experiment.suites_of("out_of_domain"):
        starts, ends = _starts(experiment, outcomes, scores, suite), _outside(verdicts, suite, several=several)
        yield _table(f"Out-of-domain: {headline(suite)}", experiment, verdicts, starts, ends)
        yield from control_sentences(verdicts, suite.task)


def headline(suite: Suite) -> str:
    """Return a suite's name, its metric and which way is up."""
    way = {True: " (higher is better)", False: " (lower is better)", None: ""}[metric(suite.metric).higher_is_better]
    return f"{suite.task}, {suite.metric}{way}"


def score_cell(scores: Sequence[ScoreSummary], recipe: str, suite: Suite) -> Cell:
    """Return the primary metric, and below it another one where the suite has it; nothing where there is no score."""
    found = [each for each in scores if (each.recipe, each.suite) == (recipe, suite.task)]
    return tuple(_score(each, suite) for each in found) or None


def _score(summary: ScoreSummary, suite: Suite) -> Part:
    label = "" if summary.metric == suite.metric.partition(",")[0] else summary.metric
    return Number(value=summary.score.mean, sd=summary.score.sd, form="{:.4f}", unit=summary.metric, label=label)


def _starts(
    experiment: Experiment, outcomes: Sequence[Outcome], scores: Sequence[ScoreSummary], suite: Suite
) -> dict[str, tuple[Cell, Cell]]:
    """Return what each row starts with, by recipe: its name and its score."""
    controls = (each.name for each in experiment.controls)
    recipes = (BASE, *controls, *experiment.arm_names)
    elsewhere = {arm.name for arm in experiment.arms}
    return {
        recipe: (
            _name(outcomes, recipe, elsewhere=recipe in elsewhere),
            score_cell(scores, recipe, suite),
        )
        for recipe in recipes
    }


def plays(experiment: Experiment, verdicts: Verdicts) -> dict[str, str]:
    """Return what the recipes without a gap are there for."""
    varied = dict.fromkeys((each.id for each in variants(experiment.factors)), "variant")
    return {**varied, **dict.fromkeys(experiment.placebos.values(), "placebo"), verdicts.reference: "reference"}


def _table(
    title: str, experiment: Experiment, verdicts: Verdicts, starts: Mapping[str, tuple[Cell, Cell]], ends: Ends
) -> Table:
    rows: list[tuple[Cell, ...]] = []
    column, parts = share_headers(verdicts), plays(experiment, verdicts)
    for recipe, start in starts.items():
        without = [(parts.get(recipe), "", "", *("" for _ in column))]
        for place, end in enumerate(ends.get(recipe, without)):
            rows.append((*(start if place == 0 else ("", "")), *end))
    return Table(title=title, headers=(*HEADERS, *column), rows=tuple(rows))


def _name(outcomes: Sequence[Outcome], recipe: str, *, elsewhere: bool) -> Cell:
    failed = sum(isinstance(each, CellFailure) and each.cell.recipe == recipe for each in outcomes)
    lines = [recipe, *(["(not trained here)"] if elsewhere else []), *([f"({failed} failed)"] if failed else [])]
    return tuple(lines) if len(lines) > 1 else recipe


def _inside(verdicts: Verdicts, suite: Suite) -> Ends:
    return {
        one.candidate: [
            (*verdict_cells(one.gap, one.metric, one.verdict), *share_cells(verdicts, one.candidate, one.task))
        ]
        for one in verdicts.in_domain
        if one.task == suite.task
    }


def _outside(verdicts: Verdicts, suite: Suite, *, several: bool) -> Ends:
    """Return a row for each in-domain suite that a gap comes from, which is named where there are `several`."""
    found: dict[str, list[tuple[Cell, ...]]] = {}
    for each in verdicts.comparisons:
        if each.out_of_domain == suite.task:
            named = f"{each.verdict} (from {each.in_domain})" if several else each.verdict
            share = share_cells(verdicts, each.candidate, suite.task)
            found.setdefault(each.candidate, []).append((*verdict_cells(each.gap_out, each.metric, named), *share))
    return found
