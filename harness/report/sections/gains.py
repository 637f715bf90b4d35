"""Verdicts on the scale of what was gained, what examples give without training, and where accuracy shows nothing."""

from collections.abc import Iterator

from harness.report.document import Block, Cell, Notice, Prose
from harness.statistics.ratio import RatioSet
from harness.verdict.records import AccuracyLevel, PersistenceComparison, Verdicts

OF_THE_GAIN = ("of the gain,", "given up")
"""The heading of the share of the reference's gain that a candidate gives up."""


def has_shares(verdicts: Verdicts) -> bool:
    """Return whether any share of a gain is shown, so that tables need a column for them."""
    return any(each.share is not None for each in verdicts.shares)


def share_headers(verdicts: Verdicts) -> tuple[tuple[str, str], ...]:
    """Return the heading of the column of shares, none where no share is shown."""
    return (OF_THE_GAIN,) if has_shares(verdicts) else ()


def share_cells(verdicts: Verdicts, candidate: str, task: str) -> tuple[Cell, ...]:
    """Return the cell of a candidate's share on a suite, ``14%`` above its set; no cell where no share is shown."""
    if not has_shares(verdicts):
        return ()
    found = [each.share for each in verdicts.shares if (each.candidate, each.task) == (candidate, task)]
    return (None if not found or found[0] is None else _lines(found[0]),)


def share_sentences(verdicts: Verdicts, one: PersistenceComparison) -> Iterator[str]:
    """Yield what a candidate gives up of the gain on both suites of a comparison."""
    for each in verdicts.shares:
        if each.candidate == one.candidate and each.task in (one.in_domain, one.out_of_domain):
            yield each.sentence


def control_sentences(verdicts: Verdicts, task: str) -> Iterator[Block]:
    """Yield which part of each arm's gain on a suite examples give without training."""
    for each in verdicts.controls:
        if each.task == task:
            yield Prose(each.sentence)


def accuracy_marks(verdicts: Verdicts) -> Iterator[Block]:
    """Yield a line a suite where accuracy can show no loss, or no gain, with the arms of which that is so."""
    found: dict[tuple[str, str], list[AccuracyLevel]] = {}
    for each in verdicts.accuracies:
        if each.mark is not None:
            found.setdefault((each.task, each.mark), []).append(each)
    for (task, mark), levels in found.items():
        arms = ", ".join(f"{each.arm} {each.accuracy:.1%}" for each in levels)
        yield Notice(f"{task}: {mark}: {arms} (guessing: {levels[0].guessing:.1%})")


def margins(verdicts: Verdicts) -> Iterator[Block]:
    """Yield why the smallest effects of interest are what they are, where a reason was declared."""
    said: dict[tuple[str, float, str], list[str]] = {}
    for each in verdicts.margins:
        if each.reason is not None:
            said.setdefault((each.metric, each.sesoi, each.reason), []).append(each.task)
    for (metric, sesoi, reason), tasks in said.items():
        yield Prose(f"smallest effect of interest on {', '.join(tasks)}: {sesoi:g} of {metric} ({reason})")


def _lines(share: RatioSet) -> Cell:
    ends = ", ".join(f"[{_percent(low)}, {_percent(high)}]" for low, high in share.intervals)
    return (_percent(share.estimate or 0.0), ends)


def _percent(value: float) -> str:
    return f"{value:.0%}" if abs(value) < float("inf") else "unbounded"
