"""The four contrasts on which a verdict about persistence rests."""

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace

import numpy as np

from harness.statistics.contrast import Contrast, SeedRule, contrast
from harness.statistics.critical import Array
from harness.statistics.moments import Moments


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """The gap in each domain, their difference, and what is left above the share to be retained.

    `delta` is gap_out - gap_in and `retention` gap_out - λ·gap_in, all as reference minus candidate.
    """

    gap_in: Contrast
    gap_out: Contrast
    delta: Contrast
    retention: Contrast

    @property
    def oriented(self) -> "Evidence":
        """The same evidence, mirrored where the candidate leads in-domain, so that the gap there is positive."""
        sign = np.where(self.gap_in.estimate < 0, -1.0, 1.0)
        parts = {each.name: getattr(self, each.name) for each in fields(self)}
        return Evidence(**{name: replace(part, estimate=sign * part.estimate) for name, part in parts.items()})


def weights(retention: float) -> dict[str, tuple[float, float]]:
    """Return each contrast's weights on (gap_out, gap_in)."""
    return {"gap_in": (0.0, 1.0), "gap_out": (1.0, 0.0), "delta": (1.0, -1.0), "retention": (1.0, -retention)}


def evidence(outside: Moments, inside: Moments, retention: float, seed_rule: SeedRule | None = None) -> Evidence:
    """Return the contrasts of two suites scored with the same models."""

    def of(pair: Sequence[Array]) -> Contrast:
        given = seed_rule(pair) if seed_rule else None
        return contrast((outside, inside), pair, seed_variance=given)

    return Evidence(**{name: of(pair) for name, pair in weights(retention).items()})
