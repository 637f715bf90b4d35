"""What arms gained over their placebos, which learned form alone."""

from collections.abc import Iterator, Sequence

from harness.compare.summaries import ScoreSummary
from harness.report.document import Block, Cell, Prose, Table, Words
from harness.report.sections.gaps import VERDICT, verdict_cells
from harness.report.sections.suites import headline, score_cell
from harness.spec.records import Experiment, Suite
from harness.verdict.records import PlaceboGain, Verdicts

HEADERS = ("recipe", "score", "its placebo", ("gain over it", "[interval]"), "p", "content")


def placebo_tables(experiment: Experiment, verdicts: Verdicts, scores: Sequence[ScoreSummary]) -> Iterator[Block]:
    """Yield a table a suite, below a line that says what a placebo is; nothing where the experiment has none."""
    if not verdicts.placebos:
        return
    pairs = "; ".join(f"{placebo} of {arm}" for arm, placebo in experiment.placebos.items())
    yield Prose(
        f"Placebos ({pairs}): trained on the same rows with the answers dealt anew, so that they learn form and no "
        "content. What a recipe gains over its placebo is content (positive: it knows more), "
        f"{100 * (verdicts.placebo_level or 0):.4g}% intervals, a family of its own."
    )
    for suite in experiment.suites:
        found = [each for each in verdicts.placebos if each.task == suite.task]
        if found:
            rows = tuple(_row(each, suite, scores) for each in found)
            yield Table(title=f"Over placebo: {headline(suite)}", headers=HEADERS, rows=rows)


def _row(one: PlaceboGain, suite: Suite, scores: Sequence[ScoreSummary]) -> tuple[Cell, ...]:
    gain, p, says = verdict_cells(one.gain, one.metric, _says(one))
    own, placebo = (score_cell(scores, name, suite) for name in (one.arm, one.placebo))
    return one.arm, own, placebo, gain, p, says if not one.notes else Words("; ".join(one.notes), 2 * VERDICT)


def _says(one: PlaceboGain) -> str:
    if one.shown:
        return "learned"
    worse = one.gain is not None and one.gain.interval[1] < 0
    return "worse than its placebo" if worse else "not shown"
