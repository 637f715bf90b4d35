"""Gaps and controls on the scale of what was gained: which share of the reference's gain a candidate gives up.

Labels speak of amounts. The same amount may be a tenth of what there was to gain on one suite and most of it on
another, so the share stands beside it, with a confidence set of its own; nothing is decided by it.
"""

from collections.abc import Iterator

import numpy as np

from harness.compare.scores import SuiteScores
from harness.statistics.contrast import contrast
from harness.statistics.critical import Floats
from harness.statistics.moments import moments
from harness.statistics.ratio import RatioSet
from harness.statistics.share import share_set
from harness.verdict.analysis import Analysis, PairedScores, few_units
from harness.verdict.estimates import IntervalEstimate
from harness.verdict.level import Level
from harness.verdict.records import ControlShare, GainShare
from harness.verdict.wording import Scale

_FEWEST = 2
"""Seeds, and units, without which nothing varies."""


def gain_shares(analysis: Analysis) -> Iterator[GainShare]:
    """Yield each candidate's share on each suite that is no guard and on which the untuned model was scored."""
    reference = analysis.design.reference.name
    for paired in analysis.candidates:
        for scores in _with_base(analysis):
            if paired.pairs < _FEWEST:
                continue
            candidate = paired.candidate.name
            one, share = _shared(analysis, paired, scores, analysis.level)
            yield GainShare(
                model=scores.model,
                reference=reference,
                candidate=candidate,
                task=scores.suite.task,
                metric=scores.suite.metric,
                gain=one.gain,
                share=share,
                sentence=_given_up(reference, candidate, scores, one, share),
            )


def given_up(analysis: Analysis, paired: PairedScores, scores: SuiteScores, level: Level) -> RatioSet | None:
    """Return which share of the reference's gain a candidate gives up on a suite; None where no gain is shown."""
    known = paired.pairs >= _FEWEST and _has_base(analysis, scores)
    return _shared(analysis, paired, scores, level)[1] if known else None


def control_shares(analysis: Analysis) -> Iterator[ControlShare]:
    """Yield, of each arm's gain on each suite, the part that the base with examples has without training."""
    for scores in _with_base(analysis):
        for control, row in scores.controls.items():
            for arm in analysis.design.arms:
                rows = [k for k, scored in enumerate(arm.ran) if scored]
                if len(rows) < _FEWEST:
                    continue
                there = np.isfinite(row)
                one = _Gained(analysis, scores, scores.values[arm.name][rows], analysis.level, there)
                gained = np.broadcast_to(row[there] - one.base, one.differences.shape)
                share = one.share_of(gained)
                yield ControlShare(
                    model=scores.model,
                    control=control,
                    arm=arm.name,
                    task=scores.suite.task,
                    metric=scores.suite.metric,
                    control_gain=one.estimate(gained[:1]),
                    gain=one.gain,
                    share=share,
                    sentence=_without_training(control, arm.name, scores, one, share),
                )


def _with_base(analysis: Analysis) -> Iterator[SuiteScores]:
    return (scores for scores in analysis.scores if _has_base(analysis, scores))


def _has_base(analysis: Analysis, scores: SuiteScores) -> bool:
    base = analysis.design.base
    known = base is not None and base.ran[0] and base.name in scores.values
    return known and scores.suite.role != "guard" and not list(few_units(scores))


def _shared(
    analysis: Analysis, paired: PairedScores, scores: SuiteScores, level: Level
) -> tuple["_Gained", RatioSet | None]:
    """Return what the reference gained on a suite, and which share of it a candidate gives up."""
    rows = list(paired.kept)
    reference, candidate = (scores.values[arm.name][rows] for arm in (analysis.design.reference, paired.candidate))
    one = _Gained(analysis, scores, reference, level)
    return one, one.share_of(reference - candidate)


class _Gained:
    """What an arm gained over the untuned model on a suite, or on those of its items that are `there`."""

    def __init__(
        self,
        analysis: Analysis,
        scores: SuiteScores,
        rows: Floats,
        level: Level,
        there: np.ndarray | slice = slice(None),
    ) -> None:
        base = analysis.design.base
        assert base is not None
        self.level = level
        self.fixed = scores.suite.fixed_items
        self.clusters = None if scores.clusters is None else scores.clusters[there]
        self.base: Floats = scores.values[base.name][0][there]
        self.differences: Floats = rows[:, there] - self.base
        self.gain = self.estimate(self.differences)

    def estimate(self, differences: Floats) -> IntervalEstimate:
        """Return the mean of differences ``(seeds, items)`` with its interval."""
        found = moments(differences, self.clusters, fixed=self.fixed)
        return IntervalEstimate.of(contrast((found,), (1.0,)), self.level)

    @property
    def shown(self) -> bool:
        """Whether there is a gain."""
        return self.gain.interval[0] > 0

    def share_of(self, part: Floats) -> RatioSet | None:
        """Return which share of the gain a part ``(seeds, items)`` is; None where no gain is shown."""
        if not self.shown:
            return None
        return share_set(part, self.differences, self.level.tail, clusters=self.clusters, fixed=self.fixed)


def _given_up(reference: str, candidate: str, scores: SuiteScores, one: _Gained, share: RatioSet | None) -> str:
    if share is None:
        return _no_gain(reference, scores, one)
    gained = Scale(scores.suite.metric).estimate(one.gain, one.level.percent)
    return f"Of what {reference} gained on {scores.suite.task}, {gained}, {candidate} gives up {percent(share)}."


def _without_training(control: str, arm: str, scores: SuiteScores, one: _Gained, share: RatioSet | None) -> str:
    if share is None:
        return _no_gain(arm, scores, one)
    return f"{control}: without training, {percent(share)} of what {arm} gained on {scores.suite.task}."


def _no_gain(arm: str, scores: SuiteScores, one: _Gained) -> str:
    gained = Scale(scores.suite.metric).estimate(one.gain, one.level.percent)
    lost = one.gain.interval[1] < 0
    what = "lost against the untuned model" if lost else "is not shown to have gained over the untuned model"
    return f"{arm} {what} on {scores.suite.task}, {gained}: a share of it would be unbounded."


def percent(share: RatioSet) -> str:
    """Return ``14% (3% to 30%)``; an end at infinity is ``unbounded``."""
    ends = ", ".join(f"{_end(low)} to {_end(high)}" for low, high in share.intervals)
    return f"{100 * (share.estimate or 0.0):.0f}% ({ends})"


def _end(value: float) -> str:
    return f"{100 * value:.0f}%" if np.isfinite(value) else "unbounded"
