"""Early signs of known failures in what was seen of a training, each with what prevents or cures it."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Literal

from harness.measured import EarlyWarning, Look

Sign = Literal["rank", "gap", "guard", "outside", "gradient"]

REMEDIES: dict[Sign, str] = {
    "rank": "Raise r, set lora_alpha to 2 r, lower weight_decay; look at the singular values with `spectrum`.",
    "gap": "Stop early (`early_stopping`), train fewer steps, use a lower rank or fewer virtual tokens, or more rows.",
    "guard": "Lower learning_rate, add rehearsal rows (`mix`), or adapt fewer layers.",
    "outside": "Mix in rows of another domain (`mix`, 10 to 20%), train fewer steps, or keep an adapter a domain.",
    "gradient": "Clip (`max_grad_norm` 1.0), lower learning_rate or add warm-up, and look for damaged rows.",
}
"""After the columns of prevention and remediation of the usual table of failures of parameter-efficient tuning."""

_FEW = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """From where on something is a sign.

    An effective rank under `rank` where more was declared; a held-out loss over its least by more than the share `gap`
    while the distance to the training loss has grown; a guard's score worse by more than `guard`, one out-of-domain by
    more than `outside` (None: not looked at); a gradient over `gradient` times the median of those before.
    """

    rank: float = 2.0
    gap: float = 0.05
    guard: float = 0.02
    outside: float | None = None
    gradient: float = 10.0


def signs(
    looks: Sequence[Look], limits: Limits, *, declared: float | None, lower_is_better: frozenset[str]
) -> tuple[EarlyWarning, ...]:
    """Return each sign the first time it is seen, in the order of steps."""
    seers: dict[Sign, Callable[[Sequence[Look]], str | None]] = {
        "rank": lambda until: _rank(until, limits, declared),
        "gap": lambda until: _gap(until, limits),
        "guard": lambda until: _worse([each.guard for each in until], limits.guard, lower_is_better),
        "outside": lambda until: _worse([each.outside for each in until], limits.outside, lower_is_better),
        "gradient": lambda until: _gradient(until, limits),
    }
    found = [each for sign, seer in seers.items() for each in _first(sign, seer, looks)]
    return tuple(sorted(found, key=lambda each: each.step))


def _first(sign: Sign, seer: Callable[[Sequence[Look]], str | None], looks: Sequence[Look]) -> Iterator[EarlyWarning]:
    for count in range(_FEW, len(looks) + 1):
        seen = seer(looks[:count])
        if seen is not None:
            yield EarlyWarning(step=looks[count - 1].step, sign=sign, seen=seen, remedy=REMEDIES[sign])
            return


def _rank(looks: Sequence[Look], limits: Limits, declared: float | None) -> str | None:
    rank = looks[-1].rank
    if rank is None or declared is None or declared <= limits.rank or rank >= limits.rank:
        return None
    return f"the mean effective rank is {rank:.2f} of {declared:g}"


def _gap(looks: Sequence[Look], limits: Limits) -> str | None:
    now = looks[-1]
    before = [(each.held_out, each.gap) for each in looks[:-1] if each.held_out is not None and each.gap is not None]
    if not before or now.held_out is None or now.gap is None:
        return None
    least, gap = min(before)
    if now.held_out <= least * (1 + limits.gap) or now.gap <= gap:
        return None
    return f"the held-out loss is {now.held_out:.3f}, was {least:.3f}, and lies {now.gap:.3f} over the training loss"


def _worse(scores: Sequence[Mapping[str, float]], by: float | None, lower_is_better: frozenset[str]) -> str | None:
    """Return which task's last score is worse than its first by more, if one is."""
    if by is None:
        return None
    for task, score in scores[-1].items():
        before = scores[0][task]
        lost = score - before if task in lower_is_better else before - score
        if lost > by:
            return f"{task} is {score:.3f}, was {before:.3f}"
    return None


def _gradient(looks: Sequence[Look], limits: Limits) -> str | None:
    now, before = looks[-1].gradient, [each.gradient for each in looks[:-1] if each.gradient is not None]
    if now is None:
        return "the gradient's norm is not finite" if before else None
    if not before or now <= limits.gradient * median(before):
        return None
    return f"the gradient's norm is {now:.3g}, the median before {median(before):.3g}"
