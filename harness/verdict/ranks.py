"""How much of its question a verdict settles, and which of two looks' verdicts stands."""

from harness.spec.records import StopAt

OPEN, PARTIAL, DECISIVE = 0, 1, 2

_OPEN = frozenset({"not learned", "inconclusive", "insufficient"})
"""Nothing is claimed: of a reference that is not shown to have learned anything more seeds may show it."""
_PARTIAL = frozenset(
    {
        "persists, size unresolved",
        "shrinks, remainder unresolved",
        "forgets, size unresolved",
        "forgets more, size unresolved",
    }
)
_WAITED_FOR: dict[StopAt, int] = {"settled": PARTIAL, "decisive": DECISIVE}


def rank(verdict: str) -> int:
    """Return how much a verdict settles: nothing (`OPEN`), a part of the question (`PARTIAL`), or all (`DECISIVE`)."""
    if verdict in _OPEN:
        return OPEN
    return PARTIAL if verdict in _PARTIAL else DECISIVE


def is_waited_for(verdict: str, stop_at: StopAt) -> bool:
    """Tell whether a verdict is one at which a run may stop."""
    return rank(verdict) >= _WAITED_FOR[stop_at]


def replaces(later: str, kept: str) -> bool:
    """Tell whether a later look's verdict takes the place of the one that stands.

    The first decisive verdict stands. Until then a partial one stands, and is said anew with more seeds by a later look
    that finds the same. Each is right up to the error rate of its own look, and these add up to the stated one.
    """
    again = later == kept and rank(kept) == PARTIAL
    return rank(kept) == OPEN or rank(later) > rank(kept) or again
