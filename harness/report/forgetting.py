"""What was forgotten: changes from the untuned model on guards, and the candidates' beyond the reference's."""

from collections.abc import Sequence

from harness.ledger import Outcome
from harness.report.gaps import change_text, verdict_text
from harness.report.layout import prose, table
from harness.report.scores import NONE, score
from harness.report.suite import headline
from harness.spec.records import Experiment, Suite
from harness.verdict.records import GapComparison, Verdicts
from harness.verdict.wording import Scale


def forgetting_table(verdicts: Verdicts, experiment: Experiment | None = None, outcomes: Sequence[Outcome] = ()) -> str:
    """Return a table for each guard, with scores where the run is given; empty without guards."""
    if not verdicts.guards:
        return ""
    suites = {suite.task: suite for suite in experiment.suites_of("guard")} if experiment else {}
    tasks = dict.fromkeys(one.task for one in verdicts.guards)
    tables = (_table(verdicts, task, suites.get(task), outcomes) for task in tasks)
    return "\n\n".join([prose(_about(verdicts)), *tables])


def _about(verdicts: Verdicts) -> str:
    first = verdicts.guards[0]
    units = ", ".join(dict.fromkeys(Scale(one.metric).unit for one in verdicts.guards))
    return (
        f"Forgetting: change from {first.reference} in {units} (negative: worse than it), "
        f"{100 * (verdicts.guard_level or 0):.4g}% intervals; beyond {verdicts.reference}: the difference of the two "
        f"changes, {100 * (verdicts.extra_level or 0):.4g}% intervals."
    )


def _table(verdicts: Verdicts, task: str, suite: Suite | None, outcomes: Sequence[Outcome]) -> str:
    rows, headers = _rows(verdicts, task), ["recipe", "change", "verdict", f"beyond\n{verdicts.reference}", "verdict"]
    if suite is not None:
        rows = [[row[0], score(outcomes, row[0], suite), *row[1:]] for row in rows]
        headers.insert(1, "score")
    return f"Guard: {headline(suite) if suite else task}\n{table(rows, headers)}"


def _rows(verdicts: Verdicts, task: str) -> list[list[str]]:
    guards = [one for one in verdicts.guards if one.task == task]
    extra = {one.candidate: one for one in verdicts.extra_forgetting if one.task == task}
    return [[guards[0].reference, NONE, "", "", ""], *(_row(one, extra.get(one.candidate)) for one in guards)]


def _row(one: GapComparison, extra: GapComparison | None) -> list[str]:
    beyond = ["reference", ""] if extra is None else [change_text(extra), verdict_text(extra.verdict)]
    return [one.candidate, change_text(one), verdict_text(one.verdict), *beyond]
