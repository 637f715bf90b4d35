"""The documents that stand by themselves: the page of a run, of a comparison, of a run without a verdict."""

from collections.abc import Iterable, Iterator, Sequence

from harness.compare.costs import RunCosts
from harness.compare.held_out import HeldOutLoss
from harness.compare.prices import prices_of
from harness.compare.questions import SuiteQuestions
from harness.compare.summaries import ScoreSummary
from harness.ledger import RunFolder
from harness.report.document import Block, Document, Finding, Notice, Prose, Section
from harness.report.sections.answer import asked, next_steps, sureness, verdict_table
from harness.report.sections.budget import frontiers, variance_table
from harness.report.sections.cost_figures import (
    learning_against_forgetting,
    speed_against_forgetting,
    speed_ups,
    takings,
)
from harness.report.sections.costs import costs_table, serving_table, speed_table
from harness.report.sections.courses import diagnostics_figures
from harness.report.sections.curves import curves
from harness.report.sections.decision import decision_blocks
from harness.report.sections.diagnostics import diagnostics_tables
from harness.report.sections.factors import factor_tables
from harness.report.sections.forgetting import forgetting_tables
from harness.report.sections.gains import accuracy_marks, margins
from harness.report.sections.gap_figures import forest, plane, slopes
from harness.report.sections.gaps import families, gaps_block, seeds_block
from harness.report.sections.held_out import held_out_table
from harness.report.sections.looks import looks_blocks
from harness.report.sections.marks import contamination_text, marks
from harness.report.sections.phases import confirmation_blocks, found_table, phase_blocks
from harness.report.sections.placebos import placebo_tables
from harness.report.sections.prices import prices_table
from harness.report.sections.questions import questions_sections
from harness.report.sections.reproduce import reproduce
from harness.report.sections.rows import rows_of_run
from harness.report.sections.search import choices_table, search_table
from harness.report.sections.statements import conclusions, failures_table, general_notes, open_questions
from harness.report.sections.suites import inside_tables, outside_tables
from harness.verdict.by_seed import by_seed
from harness.verdict.decision import Decision, decide
from harness.verdict.one_run import OneRun
from harness.verdict.records import Verdicts
from harness.verdict.ruling import Ruling


def run_page(
    run: RunFolder,
    verdicts: Verdicts,
    costs: RunCosts,
    scores: Sequence[ScoreSummary],
    held_out: Sequence[HeldOutLoss] = (),
    *,
    decision: Decision,
    questions: Sequence[SuiteQuestions] = (),
    placed: bool = True,
) -> Document:
    """Return a run's page: what was asked, what was found, how sure it is, then everything that it rests on.

    Where the files are, and what to type there next, is not said of a run that is not `placed`.
    """
    screening = [Prose(contamination_text(run.screening))] if run.screening else []
    sections = (
        *_found(run, verdicts, decision, costs, placed=placed),
        *_measured(run, verdicts, scores, held_out),
        *_spent(run, verdicts, costs),
        _section("doubts", "Failures and doubts", [*failures_table(verdicts), *marks(run), *general_notes(verdicts)]),
        _section("questions", "Questions", questions_sections(questions)),
        _section("contamination", "Contamination", screening),
        _section("reproduce", "How to reproduce it", reproduce(run, placed=placed)),
    )
    return Document((*asked(run.experiment), *_filled(sections)), run.experiment.name)


def _found(
    run: RunFolder, verdicts: Verdicts, decision: Decision, costs: RunCosts, *, placed: bool
) -> tuple[Section, ...]:
    """Return what was found, and what would settle the rest."""
    use, *candidates = decision_blocks(verdicts, decision, costs)
    short = [verdict_table(verdicts), use, *sureness(verdicts), *next_steps(run, verdicts, placed=placed)]
    return (
        _section("answer", "In short", short),
        _section("verdicts", "Verdicts", [*looks_blocks(verdicts.looks), *conclusions(verdicts), *candidates]),
        _section("open", "What would settle it", [*open_questions(verdicts, costs), *frontiers(verdicts)]),
        _section("gaps", "Gaps", [*_drawn(verdicts), *_seeds(verdicts)]),
    )


def _measured(
    run: RunFolder, verdicts: Verdicts, scores: Sequence[ScoreSummary], held_out: Sequence[HeldOutLoss]
) -> tuple[Section, ...]:
    """Return what was measured of models: scores, losses, what lies inside them, and what their answers rest on."""
    experiment, outcomes = run.experiment, run.outcomes
    learned = [*learning_against_forgetting(experiment, verdicts, scores)]
    return (
        _section(
            "scores",
            "Scores",
            [
                *inside_tables(experiment, outcomes, verdicts, scores),
                *outside_tables(experiment, outcomes, verdicts, scores),
                *margins(verdicts),
            ],
        ),
        _section("forgetting", "Learning and forgetting", [*learned, *forgetting_tables(verdicts, experiment, scores)]),
        _section(
            "training",
            "Training",
            [*curves(outcomes), *held_out_table(held_out, verdicts.reference, verdicts.alpha), *rows_of_run(run)],
        ),
        _section("inside", "Inside the model", [*diagnostics_tables(run), *diagnostics_figures(run)]),
        _section(
            "content",
            "Content and form",
            [*placebo_tables(experiment, verdicts, scores), *accuracy_marks(verdicts)],
        ),
        _section("factors", "Factors", factor_tables(experiment, verdicts, scores)),
    )


def _spent(run: RunFolder, verdicts: Verdicts, costs: RunCosts) -> tuple[Section, ...]:
    """Return what it cost, where the noise is that more would be spent on, and the search before it."""
    experiment = run.experiment
    return (
        _section(
            "costs",
            "Cost, time and memory",
            [
                *takings(costs),
                *costs_table(costs),
                *speed_ups(costs),
                *speed_table(costs),
                *speed_against_forgetting(verdicts, costs),
                *serving_table(costs),
                *prices_table(prices_of(costs, experiment.recipes, experiment.cost)),
            ],
        ),
        _section("noise", "Where the noise is", variance_table(verdicts)),
        _section(
            "search",
            "Search",
            [
                *search_table(run.tuning),
                *confirmation_blocks(run.found, verdicts, costs),
                *phase_blocks(run.found, costs.search),
            ],
        ),
    )


def comparison_page(verdicts: Verdicts, title: str) -> Document:
    """Return the page of a comparison of logs: what follows from scores alone."""
    use, *candidates = decision_blocks(verdicts, decide(verdicts.recommendation, None))
    sections = (
        _section("answer", "In short", [verdict_table(verdicts), use, *sureness(verdicts)]),
        _section("verdicts", "Verdicts", [*looks_blocks(verdicts.looks), *conclusions(verdicts), *candidates]),
        _section("open", "What would settle it", [*open_questions(verdicts), *frontiers(verdicts)]),
        _section("gaps", "Gaps", [*_drawn(verdicts), gaps_block(verdicts), *_seeds(verdicts)]),
        _section("forgetting", "Forgetting", forgetting_tables(verdicts)),
        _section("noise", "Where the noise is", variance_table(verdicts)),
        _section(
            "doubts",
            "Failures and doubts",
            [*failures_table(verdicts), *accuracy_marks(verdicts), *margins(verdicts), *general_notes(verdicts)],
        ),
    )
    names = ", ".join(verdicts.candidates)
    return Document(
        (Prose(f"{names} against {verdicts.reference}, from their scores alone"), *_filled(sections)), title
    )


def search_page(run: RunFolder, costs: RunCosts) -> Document:
    """Return the page of a run in which a search is all: what each recipe trains with, and every trial."""
    short = choices_table(run.tuning) if run.found is None else found_table(run.found)
    sections = (
        _section("answer", "In short", [short, *next_steps(run, None)]),
        _section("search", "Every trial", [*search_table(run.tuning), *phase_blocks(run.found, costs.search)]),
        _section("reproduce", "How to reproduce it", reproduce(run)),
    )
    return Document((*asked(run.experiment), *_filled(sections)), run.experiment.name)


def page_without_verdict(title: str, why: str, blocks: Iterable[Block] = ()) -> Document:
    """Return the page of a run that cannot be judged, or cannot be read: why, and what can be said all the same."""
    said = tuple(Notice(line) for line in why.splitlines() if line.strip())
    return Document((Prose("There is no verdict on this run."), *said, *blocks), title)


def pull_request_document(
    verdicts: Verdicts, decision: Decision, name: str, page: str | None, ruling: Ruling | None = None
) -> Document:
    """Return what fits a pull request: a gate's ruling, what to use, the verdicts, the gaps, and where the page is."""
    return Document(
        (
            *([_ruled(ruling)] if ruling else []),
            *decision_blocks(verdicts, decision),
            verdict_table(verdicts),
            *conclusions_in_short(verdicts),
            gaps_block(verdicts),
            Prose(families(verdicts)),
            *accuracy_marks(verdicts),
            *([Prose(f"Everything that this rests on is in {page}, which opens in any browser.")] if page else []),
        ),
        name,
    )


def one_run_document(found: OneRun, name: str) -> Document:
    """Return what fits a pull request of a gate on one run: the ruling, and of what it speaks."""
    return Document((_ruled(found.ruling), Prose(found.speaks_of)), name)


def _ruled(ruling: Ruling) -> Finding:
    title, _, why = ruling.text.partition(": ")
    return Finding(title=title, lines=tuple(line for line in (why, ruling.passable) if line))


def conclusions_in_short(verdicts: Verdicts) -> Sequence[Prose]:
    """Return the sentence of each primary verdict."""
    return [Prose(f"{one.candidate}: {one.sentence}") for one in verdicts.primary]


def _drawn(verdicts: Verdicts) -> Iterator[Block]:
    """Yield the gaps as figures."""
    yield from (*forest(verdicts), *plane(verdicts), *slopes(verdicts))


def _seeds(verdicts: Verdicts) -> Iterator[Block]:
    """Yield who is ahead seed by seed."""
    return seeds_block(tuple(by_seed(verdicts)))


def _section(name: str, title: str, blocks: Iterable[Block]) -> Section:
    return Section(name=name, title=title, blocks=tuple(blocks))


def _filled(sections: Iterable[Section]) -> tuple[Section, ...]:
    """Return the sections that have something to say."""
    return tuple(each for each in sections if each.blocks)
