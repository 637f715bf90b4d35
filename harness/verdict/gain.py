"""What the reference gained in-domain over the untuned model: without a gain there is no gap that could persist."""

from collections.abc import Iterator
from dataclasses import dataclass

from harness.compare.scores import SuiteScores
from harness.statistics.contrast import Contrast, contrast
from harness.statistics.moments import Moments
from harness.verdict.analysis import Analysis, suite_moments


@dataclass(frozen=True, slots=True, kw_only=True)
class Gain:
    """The reference's score less the untuned model's, over every seed of the reference that has scores."""

    differences: Moments
    contrast: Contrast


def gain(analysis: Analysis, inside: SuiteScores) -> Gain | None:
    """Return the reference's gain on a suite; None where the untuned model has no scores of it."""
    design = analysis.design
    ran = [k for k, scored in enumerate(design.reference.ran) if scored]
    if design.base is None or not design.base.ran[0] or design.base.name not in inside.values or not ran:
        return None
    differences = suite_moments(inside, inside.values[design.reference.name][ran] - inside.values[design.base.name])
    rule = analysis.seed_rule(len(ran))
    given = rule((1.0,)) if rule else None
    return Gain(differences=differences, contrast=contrast((differences,), (1.0,), seed_variance=given))


def gate_notes(analysis: Analysis) -> Iterator[str]:
    """Yield where verdicts about persistence do not rest on a gain, and why not."""
    if not analysis.suites_of("out_of_domain"):
        return
    reference = analysis.design.reference.name
    if not analysis.design.require_gain:
        yield f"whether {reference} learned anything in-domain is not asked: require_gain is false"
        return
    for inside in analysis.suites_of("in_domain"):
        if gain(analysis, inside) is None:
            where = f"no scores of the untuned model on {inside.suite.task}"
            yield f"{where}: whether {reference} learned anything there is not known"
