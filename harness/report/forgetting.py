"""What was forgotten: changes from the untuned model on guards, and the candidates' beyond the reference's."""

from collections.abc import Sequence

from tabulate import tabulate

from harness.ledger import Outcome
from harness.report.gaps import change_text
from harness.report.scores import NONE, score
from harness.spec.records import Experiment
from harness.verdict.records import Simple, Verdicts
from harness.verdict.wording import Scale


def forgetting_table(verdicts: Verdicts, experiment: Experiment | None = None, outcomes: Sequence[Outcome] = ()) -> str:
    """Return the table, with scores where the run is given; empty without guards."""
    if not verdicts.guards:
        return ""
    scores = {suite.task: suite for suite in experiment.suites_of("guard")} if experiment else {}
    tasks = dict.fromkeys(one.task for one in verdicts.guards)
    rows = [row for task in tasks for row in _rows(verdicts, task)]
    headers = ["suite", "recipe", "change", "verdict", f"beyond {verdicts.reference}", "verdict"]
    if scores:
        rows = [[*row[:2], score(outcomes, row[1], scores[row[0]]), *row[2:]] for row in rows]
        headers.insert(2, "score")
    return f"{_title(verdicts)}\n{tabulate(rows, headers=headers, disable_numparse=True)}"


def _title(verdicts: Verdicts) -> str:
    first = verdicts.guards[0]
    units = ", ".join(dict.fromkeys(Scale(one.metric).unit for one in verdicts.guards))
    return (
        f"Forgetting: change from {first.reference} in {units} (negative: worse than it), "
        f"{100 * (verdicts.guard_level or 0):.4g}% intervals; beyond {verdicts.reference}: the difference of the two "
        f"changes, {100 * (verdicts.extra_level or 0):.4g}% intervals"
    )


def _rows(verdicts: Verdicts, task: str) -> list[list[str]]:
    guards = [one for one in verdicts.guards if one.task == task]
    extra = {one.candidate: one for one in verdicts.extra_forgetting if one.task == task}
    return [[task, guards[0].reference, NONE, "", "", ""], *(_row(one, extra.get(one.candidate)) for one in guards)]


def _row(one: Simple, extra: Simple | None) -> list[str]:
    beyond = ["reference", ""] if extra is None else [change_text(extra), extra.verdict]
    return [one.task, one.candidate, change_text(one), one.verdict, *beyond]
