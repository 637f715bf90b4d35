"""A suite in a table: every recipe's score, its gap to the reference, and what is concluded from it."""

from collections.abc import Mapping, Sequence

from harness.compare.metrics import metric
from harness.ledger import Outcome
from harness.records import CellFailure
from harness.report.gaps import about_gaps, gap_text, p_value, verdict_text
from harness.report.layout import prose, table
from harness.report.scores import BASE, NONE, score
from harness.spec.records import Experiment, Suite
from harness.verdict.records import IntervalEstimate, Verdicts

HEADERS = ("recipe", "score", "gap\n[interval]", "p", "verdict")
Ends = Mapping[str, Sequence[Sequence[str]]]
"""By recipe, what stands after its score: gap, p and verdict, several times where several gaps became of one."""


def inside_tables(experiment: Experiment, outcomes: Sequence[Outcome], verdicts: Verdicts) -> str:
    """Return a table for each in-domain suite, the untuned model first; what a gap is stands above them."""
    seeds = len(experiment.seeds)
    about = (
        f"Scores: mean ± SD over {seeds} seeds. {about_gaps(verdicts)}." if seeds > 1 else f"{about_gaps(verdicts)}."
    )
    tables = (
        f"In-domain: {headline(suite)}\n{_table(experiment, outcomes, suite, _inside(verdicts, suite))}"
        for suite in experiment.suites_of("in_domain")
    )
    return "\n\n".join([prose(about), *tables])


def outside_tables(experiment: Experiment, outcomes: Sequence[Outcome], verdicts: Verdicts) -> str:
    """Return a table for each out-of-domain suite, with what became there of the gap; empty where no suite is."""
    several = len(experiment.suites_of("in_domain")) > 1
    return "\n\n".join(
        f"Out-of-domain: {headline(suite)}\n"
        + _table(experiment, outcomes, suite, _outside(verdicts, suite, several=several))
        for suite in experiment.suites_of("out_of_domain")
    )


def headline(suite: Suite) -> str:
    """Return a suite's name, its metric and which way is up."""
    way = {True: " (higher is better)", False: " (lower is better)", None: ""}[metric(suite.metric).higher_is_better]
    return f"{suite.task}, {suite.metric}{way}"


def _table(experiment: Experiment, outcomes: Sequence[Outcome], suite: Suite, ends: Ends) -> str:
    reference = experiment.comparison.reference
    rows: list[list[str]] = []
    for recipe in (BASE, *(each.id for each in experiment.recipes)):
        nothing = [["reference" if recipe == reference else NONE, "", ""]]
        start = [_name(outcomes, recipe), score(outcomes, recipe, suite)]
        for place, end in enumerate(ends.get(recipe, nothing)):
            rows.append([*(start if place == 0 else ["", ""]), *end])
    return table(rows, HEADERS)


def _name(outcomes: Sequence[Outcome], recipe: str) -> str:
    failed = sum(isinstance(each, CellFailure) and each.cell.recipe == recipe for each in outcomes)
    return f"{recipe}\n({failed} failed)" if failed else recipe


def _inside(verdicts: Verdicts, suite: Suite) -> Ends:
    return {
        one.candidate: [_end(one.gap, one.metric, one.verdict)] for one in verdicts.in_domain if one.task == suite.task
    }


def _outside(verdicts: Verdicts, suite: Suite, *, several: bool) -> Ends:
    """Return a row for each in-domain suite that a gap comes from, which is named where there are `several`."""
    found: dict[str, list[list[str]]] = {}
    for each in verdicts.comparisons:
        if each.out_of_domain == suite.task:
            named = f"{each.verdict} (from {each.in_domain})" if several else each.verdict
            found.setdefault(each.candidate, []).append(_end(each.gap_out, each.metric, named))
    return found


def _end(gap: IntervalEstimate | None, unit_of: str, verdict: str) -> list[str]:
    return [gap_text(gap, unit_of), NONE if gap is None else p_value(gap.p_adjusted), verdict_text(verdict)]
