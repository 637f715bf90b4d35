"""What a gate says: a code for continuous integration, and why in one line."""

from collections.abc import Sequence
from dataclasses import dataclass

ALLOW, REJECT, UNSETTLED = 0, 1, 2
_WORDS = ((REJECT, "rejected"), (UNSETTLED, "inconclusive"))


@dataclass(frozen=True, slots=True)
class Ruling:
    """One requirement's outcome, as an exit code, and the statement behind it.

    `passable` says of an unsettled one what seeds or items would let it pass.
    """

    code: int
    text: str
    passable: str = ""


def combined(rulings: Sequence[Ruling]) -> Ruling:
    """Return the gate's ruling: one rejection rejects, otherwise one unsettled requirement is inconclusive."""
    for code, word in _WORDS:
        failing = [ruling for ruling in rulings if ruling.code == code]
        if failing:
            ways = " ".join(dict.fromkeys(ruling.passable for ruling in failing if ruling.passable))
            return Ruling(code, f"gate {word}: {'; '.join(ruling.text for ruling in failing)}", ways)
    return Ruling(ALLOW, f"gate passed: {'; '.join(ruling.text for ruling in rulings)}")
