"""What became of the gaps out-of-domain: score, gap and verdict, suite by suite."""

from collections.abc import Iterator, Sequence

from tabulate import tabulate

from harness.ledger import Outcome
from harness.report.gaps import gap_text, p_value
from harness.report.recipes import headline
from harness.report.scores import BASE, NONE, score
from harness.spec.records import Experiment, Suite
from harness.verdict.records import Verdicts


def outside_table(experiment: Experiment, outcomes: Sequence[Outcome], verdicts: Verdicts) -> str:
    """Return one table a suite, the untuned model first; empty where no suite is out-of-domain."""
    suites = experiment.suites_of("out_of_domain")
    return "\n\n".join(_table(experiment, outcomes, verdicts, suite) for suite in suites)


def _table(experiment: Experiment, outcomes: Sequence[Outcome], verdicts: Verdicts, suite: Suite) -> str:
    several = len(experiment.suites_of("in_domain")) > 1
    rows = [
        row
        for recipe in (BASE, *(each.id for each in experiment.recipes))
        for row in _rows(recipe, score(outcomes, recipe, suite), verdicts, suite, several=several)
    ]
    headers = ["recipe", headline(suite), "gap", "p", "verdict"]
    table = tabulate(rows, headers=headers, disable_numparse=True)
    return f"Out-of-domain: {suite.task}, and what became there of the gap seen in-domain\n{table}"


def _rows(recipe: str, scored: str, verdicts: Verdicts, suite: Suite, *, several: bool) -> Iterator[list[str]]:
    """Yield a recipe's row; with `several` in-domain suites one for each that a gap comes from."""
    found = [each for each in verdicts.comparisons if (each.candidate, each.out_of_domain) == (recipe, suite.task)]
    if not found:
        yield [recipe, scored, "reference" if recipe == verdicts.reference else NONE, "", ""]
    for place, each in enumerate(found):
        start = [recipe, scored] if place == 0 else ["", ""]
        p = NONE if each.gap_out is None else p_value(each.gap_out.p_adjusted)
        named = f"{each.verdict} (from {each.in_domain})" if several else each.verdict
        yield [*start, gap_text(each.gap_out, each.metric), p, named]
