"""Verdicts on the scale of what was gained, what examples give without training, and where accuracy shows nothing."""

from collections.abc import Iterator, Sequence

from harness.report.document import Block, Cell, Notice, Prose
from harness.statistics.ratio import RatioSet
from harness.verdict.records import AccuracyLevel, ControlShare, GainShare, PersistenceComparison, Verdicts
from harness.verdict.wording import Scale

OF_THE_GAIN = ("of the gain,", "given up")
"""The heading of the share of the reference's gain that a candidate gives up."""
_FEW = 2
"""Arms without a gain that have a sentence each."""


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
    """Yield what a candidate gives up of the gain on both suites of a comparison.

    That there is no gain to give up is the reference's: it is said with the first comparison of which it is so.
    """
    before = verdicts.comparisons[: verdicts.comparisons.index(one)]
    said = {each.sentence for earlier in before for each in _shares(verdicts, earlier) if each.share is None}
    yield from (each.sentence for each in _shares(verdicts, one) if each.sentence not in said)


def _shares(verdicts: Verdicts, one: PersistenceComparison) -> Iterator[GainShare]:
    for each in verdicts.shares:
        if each.candidate == one.candidate and each.task in (one.in_domain, one.out_of_domain):
            yield each


def control_sentences(verdicts: Verdicts, task: str) -> Iterator[Block]:
    """Yield which part of each arm's gain on a suite examples give without training.

    Arms without a gain have a sentence each where they are few, and one together where they are many.
    """
    found = [each for each in verdicts.controls if each.task == task]
    idle = {each.arm: each for each in found if each.share is None and each.gain.interval[1] >= 0}
    many = len(idle) > _FEW
    for each in found:
        if not (many and each.arm in idle):
            yield Prose(each.sentence)
    if many:
        yield Prose(_idle(list(idle.values()), verdicts.level))


def _idle(arms: Sequence[ControlShare], level: float) -> str:
    """Return what arms without a gain came to, in one sentence."""
    scale = Scale(arms[0].metric)
    gains = ", ".join(
        f"{each.arm} {scale.number(each.gain.estimate)} [{', '.join(map(scale.number, each.gain.interval))}]"
        for each in arms
    )
    return (
        f"Not shown to have gained over the untuned model on {arms[0].task}, so that a share would be unbounded: "
        f"{gains} ({scale.unit}, {100 * level:.4g}% intervals)."
    )


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
