"""What was forgotten: changes from the untuned model on guards, and the candidates' beyond the reference's."""

from collections.abc import Iterator, Mapping, Sequence

from harness.compare.summaries import ScoreSummary
from harness.report.document import Block, Cell, Prose, Table
from harness.report.sections.gaps import change_cell, verdict_cell
from harness.report.sections.suites import headline, plays, score_cell
from harness.spec.records import Experiment, Suite
from harness.verdict.records import Verdicts
from harness.verdict.wording import Scale


def forgetting_tables(
    verdicts: Verdicts, experiment: Experiment | None = None, scores: Sequence[ScoreSummary] = ()
) -> Iterator[Block]:
    """Yield a table for each guard, with scores where the experiment is given; nothing without guards."""
    if not verdicts.guards:
        return
    suites = {suite.task: suite for suite in experiment.suites_of("guard")} if experiment else {}
    beside = plays(experiment, verdicts) if experiment else {}
    yield Prose(_about(verdicts))
    for task in dict.fromkeys(one.task for one in verdicts.guards):
        yield _table(verdicts, task, suites.get(task), scores, beside)


def _about(verdicts: Verdicts) -> str:
    first = verdicts.guards[0]
    units = ", ".join(dict.fromkeys(Scale(one.metric).unit for one in verdicts.guards))
    return (
        f"Forgetting: change from {first.reference} in {units} (negative: worse than it), "
        f"{100 * (verdicts.guard_level or 0):.4g}% intervals; beyond {verdicts.reference}: the difference of the two "
        f"changes, {100 * (verdicts.extra_level or 0):.4g}% intervals."
    )


def _table(
    verdicts: Verdicts, task: str, suite: Suite | None, scores: Sequence[ScoreSummary], beside: Mapping[str, str]
) -> Table:
    """Make the table of a guard; with its suite, what stands `beside` the candidates is there with its score alone."""
    after = ("change", "verdict", ("beyond", verdicts.reference), "verdict")
    rows = tuple(_rows(verdicts, task))
    if suite is None:
        return Table(title=f"Guard: {task}", headers=("recipe", *after), rows=rows)
    judged = {name for name, *_ in rows}
    more = ((name, "", part, "", "") for name, part in beside.items() if name not in judged)
    scored = ((name, score_cell(scores, str(name), suite), *rest) for name, *rest in (*rows, *more))
    return Table(
        title=f"Guard: {headline(suite)}",
        headers=("recipe", "score", *after),
        rows=tuple(each for each in scored if each[0] in judged or each[1] is not None),
    )


def _rows(verdicts: Verdicts, task: str) -> Iterator[tuple[Cell, ...]]:
    guards = [one for one in verdicts.guards if one.task == task]
    extra = {one.candidate: one for one in verdicts.extra_forgetting if one.task == task}
    yield guards[0].reference, None, "", "", ""
    for one in guards:
        beyond = extra.get(one.candidate)
        cells = ("reference", "") if beyond is None else (change_cell(beyond), verdict_cell(beyond.verdict))
        yield one.candidate, change_cell(one), verdict_cell(one.verdict), *cells
