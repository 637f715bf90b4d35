"""What arms gained over their placebos: the part of what they learned that is content."""

from collections.abc import Iterator

from harness.compare.design import Arm, Design
from harness.compare.scores import Reading, SuiteScores
from harness.statistics.contrast import contrast
from harness.verdict.analysis import Analysis, PairedScores, weaknesses
from harness.verdict.estimates import IntervalEstimate
from harness.verdict.level import Level
from harness.verdict.records import PlaceboGain


def placebo_level(design: Design) -> Level:
    """Return the error rate of gains over placebos, shared by arms that have one times suites that are no guards."""
    return Level.shared_by(len(design.placebos) * len(design.learned), design)


def placebo_gains(design: Design, reading: Reading) -> Iterator[PlaceboGain]:
    """Yield what each arm with a placebo gained over it, on every suite that is no guard and can be compared."""
    for arm, placebo in design.placebos:
        yield from _gains(design, arm, placebo, reading)


def _gains(design: Design, arm: Arm, placebo: Arm, reading: Reading) -> Iterator[PlaceboGain]:
    beside = design.beside(arm, placebo)
    analysis = Analysis.of(beside, reading.of(beside))
    for one in analysis.scores:
        yield _gain(analysis.candidates[0], one, arm, design)


def _gain(paired: PairedScores, scores: SuiteScores, arm: Arm, design: Design) -> PlaceboGain:
    differences, notes = paired.of(scores.suite), tuple(weaknesses(paired, (scores,)))
    gain = None
    if differences is not None and paired.pairs > 1 and not notes:
        gain = IntervalEstimate.of(contrast((differences,), (1.0,)), placebo_level(design))
    elif not notes:
        notes = ("one seed: whether the recipe learned content is not told by one checkpoint",)
    return PlaceboGain(
        arm=arm.name,
        placebo=paired.candidate.name,
        task=scores.suite.task,
        metric=scores.suite.metric,
        higher_is_better=scores.higher_is_better,
        seeds=paired.pairs,
        items=scores.items,
        units=scores.units,
        gain=gain,
        shown=gain is not None and gain.interval[0] > 0,
        notes=notes,
    )
