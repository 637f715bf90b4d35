"""Which labels the estimates of a comparison point at, and which of their conditions are not met."""

from collections.abc import Mapping, Sequence

from harness.statistics.moments import Moments
from harness.verdict.gain import Gain
from harness.verdict.required_sample import Distance, Goal
from harness.verdict.rules import RULES, Condition, Contrasts, Label, Margins, Truths, contrast_weights, needed

PARTIAL = (Label.PERSISTS_UNSIZED, Label.SHRINKS_UNRESOLVED)
"""Labels that leave something unresolved: a better one may still be reached."""
UNSETTLED = (*PARTIAL, Label.NOT_LEARNED, Label.INCONCLUSIVE)
"""Labels beyond which more seeds or items may lead."""


def goals(
    given: Label,
    contrasts: Contrasts,
    margins: Margins,
    met: Mapping[Condition, Truths],
    suites: Sequence[Moments],
    *,
    retention: float,
    gain: Gain | None = None,
) -> tuple[Goal, ...]:
    """Return the labels before `given` in the rules whose conditions are each met or pointed at, in their order.

    `suites` are the out-of-domain and the in-domain differences. Conditions that are not in `met` were not examined.
    Where the in-domain gap is neither shown nor as large as the smallest effect of interest, there is nothing to be
    followed, and only its absence can be shown.
    """
    if given not in UNSETTLED:
        return ()
    distances = _distances(contrasts, margins, suites, retention, gain)
    before = [rule.label for rule in RULES if rule.shown]
    before = before[: before.index(given)] if given in PARTIAL else before
    if not bool(met[Condition.IN_GAP]) and distances[Condition.IN_GAP].distances[0] < margins.inside:
        before = [Label.NO_GAP]
    wanted = ((label, [each for each in needed(label) if each in met]) for label in before)
    found = ((label, asked, [each for each in asked if not bool(met[each])]) for label, asked in wanted)
    return tuple(
        Goal(
            label=label.value,
            decisive=label not in PARTIAL,
            conditions=tuple(distances[each] for each in asked),
            missed=tuple(each.value for each in missed),
        )
        for label, asked, missed in found
        if missed and all(distances[each].pointed_at for each in missed)
    )


def _distances(
    contrasts: Contrasts, margins: Margins, suites: Sequence[Moments], retention: float, gain: Gain | None
) -> dict[Condition, Distance]:
    """Return how far inside each condition the estimates are."""
    seen, weights = contrasts.oriented, contrast_weights(retention)

    def of(condition: Condition, name: str, *distances: float, least: float = 0.0) -> tuple[Condition, Distance]:
        one = Distance(
            name=condition.value, suites=suites, weights=weights[name], distances=tuple(distances), least=least
        )
        return condition, one

    inside, outside, change = (float(each.estimate) for each in (seen.gap_in, seen.gap_out, seen.delta))
    m_in, m_out, m_delta = margins.inside, margins.outside, margins.delta
    found = dict(
        [
            of(Condition.IN_WITHIN, "gap_in", m_in + inside, m_in - inside),
            of(Condition.IN_GAP, "gap_in", inside, least=m_in),
            of(Condition.OUT_WITHIN, "gap_out", m_out + outside, m_out - outside),
            of(Condition.OUT_BEYOND, "gap_out", abs(outside) - m_out),
            of(Condition.OUT_SAME, "gap_out", outside, least=m_out),
            of(Condition.OUT_OTHER, "gap_out", -outside, least=m_out),
            of(Condition.SHRINKS, "delta", -change, least=m_delta),
            of(Condition.GROWS, "delta", change, least=m_delta),
            of(Condition.RETAINS, "retention", float(seen.retention.estimate)),
            of(Condition.UNCHANGED, "delta", m_delta + change, m_delta - change),
        ]
    )
    if gain is not None:
        found[Condition.LEARNED] = Distance(
            name=Condition.LEARNED.value,
            suites=(gain.differences,),
            weights=(1.0,),
            distances=(float(gain.contrast.estimate),),
            least=m_in,
        )
    return found
