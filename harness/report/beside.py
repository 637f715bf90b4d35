"""The document of two runs beside each other."""

from collections.abc import Sequence
from dataclasses import dataclass

from harness.compare.beside import declared_differences, made_differences, scores_beside
from harness.compare.summaries import ScoreSummary
from harness.ledger import RunFolder
from harness.report.document import Document, Notice, Prose, Section
from harness.report.sections.beside import differences_table, scores_table, verdicts_beside
from harness.verdict.records import Verdicts


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """A run as it stands beside another: what it is called, its scores, and its verdicts, or why it has none."""

    name: str
    run: RunFolder
    scores: Sequence[ScoreSummary]
    verdicts: Verdicts | None
    why: str = ""


def beside_document(first: Side, second: Side) -> Document:
    """Return what two runs declare, score and conclude, each in a column of its own."""
    names = (first.name, second.name)
    alone = [Notice(f"{side.name} has no verdict: {side.why}") for side in (first, second) if side.why]
    declared = declared_differences(first.run.experiment, second.run.experiment)
    made = made_differences(first.run, second.run)
    sections = (
        Section(
            name="declared",
            title="What was declared otherwise",
            blocks=(differences_table("By the value's path.", declared, names, "Both declare the same."),),
        ),
        Section(
            name="made",
            title="What else they were made from",
            blocks=(differences_table("", made, names, "The same rows, weights, versions and kind of machine."),),
        ),
        Section(
            name="verdicts",
            title="Verdicts",
            blocks=(*alone, *verdicts_beside(first.verdicts, second.verdicts, names)),
        ),
        Section(
            name="scores",
            title="Scores",
            blocks=(scores_table(scores_beside(first.scores, second.scores), names),),
        ),
    )
    lead = Prose(
        f"{names[0]} beside {names[1]}. Nothing is tested between two runs: a difference between their columns has no "
        "interval here, whatever each has within itself."
    )
    filled = tuple(each for each in sections if each.blocks)
    return Document((lead, *filled), f"{names[0]} beside {names[1]}")
