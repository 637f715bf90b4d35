"""Rules of a gate with a number or without one, ruled on scores: not worse, a drop, a threshold.

Every rule asks whether a contrast of the two sides' means lies below a bound: baseline - candidate below the smallest
effect of interest or below a drop, or the threshold below the candidate's score. A rule allows where the upper limit is
below the bound, rejects where the lower one is above it. A gate passes where all its rules do (an intersection, so that
each may err with alpha/2) and rejects where any does (a union, so that they share alpha/2).
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from harness.errors import UsageError
from harness.spec.suggest import nearest
from harness.statistics.contrast import Contrast
from harness.verdict.passable import what_it_takes
from harness.verdict.ruling import ALLOW, REJECT, UNSETTLED, Ruling
from harness.verdict.sides import Sides
from harness.verdict.wording import Scale

PLAIN = {
    "not-worse": ("in_domain", "out_of_domain", "guard"),
    "not-worse-in-domain": ("in_domain",),
    "not-worse-out-of-domain": ("out_of_domain",),
}
"""Rules about the smallest effect of interest, and the suites that they are about."""
NUMBERED = ("threshold", "drop")
_NUMBERED = re.compile(r"(?P<kind>threshold|drop):(?:(?P<task>[^=]+)=)?(?P<value>[-+0-9.eE]+)(?P<percent>%?)")
HOW = "write it as threshold:0.7, threshold:TASK=0.7, drop:0.01 or drop:1%"


@dataclass(frozen=True, slots=True, kw_only=True)
class Requirement:
    """One rule as it was written: `kind`, its number, the task that it is for (None: all in-domain suites).

    `relative` takes the number as a part of the baseline's score.
    """

    text: str
    kind: str
    value: float = 0.0
    task: str | None = None
    relative: bool = False

    def is_about(self, sides: Sides) -> bool:
        """Tell whether it rules on a suite."""
        if self.task is not None:
            return sides.task == self.task
        return sides.scores.suite.role in PLAIN.get(self.kind, ("in_domain",))

    def weights(self, sides: Sides) -> tuple[float, float]:
        """Return what the baseline's and the candidate's means are taken by."""
        if self.kind == "threshold":
            return 0.0, -1.0
        less = self.value if self.relative and self.kind == "drop" else 0.0
        return 1.0 - (less if sides.first.mean() > 0 else -less), -1.0

    def bound(self, sides: Sides) -> float:
        """Return what the contrast must be below."""
        if self.kind == "threshold":
            return -sides.sign * self.value
        if self.kind == "drop":
            return 0.0 if self.relative else self.value
        return sides.margin

    def room(self, sides: Sides, found: Contrast) -> float:
        """Return the distance from the bound where both sides are alike, or of a threshold that which is estimated."""
        if self.kind == "threshold":
            return abs(self.bound(sides) - float(found.estimate))
        of_baseline, of_candidate = self.weights(sides)
        return self.bound(sides) - float((of_baseline + of_candidate) * sides.first.mean())


def is_rule(text: str) -> bool:
    """Tell whether a text is a rule that is ruled on scores, and not on verdicts alone."""
    return text in PLAIN or _NUMBERED.fullmatch(text) is not None


def requirements(texts: Iterable[str]) -> list[Requirement]:
    """Return rules as they were written. Raises `UsageError` with all that are none."""
    found, problems = list[Requirement](), list[str]()
    for text in texts:
        try:
            found.append(requirement(text))
        except UsageError as error:
            problems.append(str(error))
    if problems:
        raise UsageError("\n".join(problems))
    return found


def requirement(text: str) -> Requirement:
    """Return a rule as it was written. Raises `UsageError` for one that is none."""
    if text in PLAIN:
        return Requirement(text=text, kind=text)
    match = _NUMBERED.fullmatch(text)
    if match is None:
        known = (*PLAIN, "no-forgetting", *(f"{each}:NUMBER" for each in NUMBERED))
        number = f" A number: {HOW}." if ":" in text else ""
        raise UsageError(f"--gate: there is no rule {text!r}. {nearest(text, known)}{number}")
    kind, percent = match["kind"], bool(match["percent"])
    try:
        value = float(match["value"])
    except ValueError as error:
        raise UsageError(f"--gate: {match['value']!r} in {text!r} is not a number: {HOW}.") from error
    if kind == "threshold" and percent:
        raise UsageError(f"--gate: {text!r}: a threshold is a score, in the metric's unit: {HOW}.")
    if kind == "drop" and not 0 < value < (100 if percent else float("inf")):
        raise UsageError(f"--gate: {text!r}: a drop is above 0, and below 100%: {HOW}.")
    return Requirement(
        text=text, kind=kind, value=value / 100 if percent else value, task=match["task"], relative=percent
    )


def rule_on(rules: Sequence[Requirement], sides: Sequence[Sides], tail: float) -> list[Ruling]:
    """Return a ruling for each rule and each pair of sides that it is about.

    `tail` is what the gate may err, one-sided. Raises `UsageError` for a rule that is about no suite.
    """
    pairs = [(rule, each) for rule in rules for each in sides if rule.is_about(each)]
    idle = [rule for rule in rules if not any(rule is asked for asked, _ in pairs)]
    if idle:
        tasks = ", ".join(dict.fromkeys(each.task for each in sides))
        names = ", ".join(rule.text for rule in idle)
        raise UsageError(f"--gate: {names} has no suite to rule on; compared are: {tasks or 'none'}.")
    return [ruling for rule, each in pairs for ruling in _ruling(rule, each, tail, len(pairs))]


def _ruling(rule: Requirement, sides: Sides, tail: float, rules: int) -> Iterator[Ruling]:
    if sides.in_the_way is not None:
        yield Ruling(UNSETTLED, f"{sides.candidate} on {sides.task}: {sides.in_the_way}")
        return
    found, bound = sides.contrast(*rule.weights(sides)), rule.bound(sides)
    upper, lower = float(found.interval(tail)[1]), float(found.interval(tail / rules)[0])
    text = f"{sides.candidate} on {sides.task}: {_words(rule, sides, found, tail)}"
    if upper < bound:
        yield Ruling(ALLOW, text)
    elif lower > bound:
        yield Ruling(REJECT, text)
    else:
        yield Ruling(UNSETTLED, text, passable=what_it_takes(sides, rule.weights(sides), rule.room(sides, found), tail))


def _words(rule: Requirement, sides: Sides, found: Contrast, tail: float) -> str:
    """Return what is seen beside what is asked, in the metric's unit and direction."""
    scale, level = Scale(sides.scores.suite.metric), f"{100 * (1 - 2 * tail):.4g}%"
    ends = [float(each) for each in found.interval(tail)]
    if rule.kind == "threshold":
        low, high = sorted(-sides.sign * end for end in ends)
        score = -sides.sign * float(found.estimate)
        what = "at least" if sides.sign > 0 else "at most"
        return f"score {score:.4g} ({level} interval {low:.4g} to {high:.4g}), asked {what} {rule.value:g}"
    allowed = rule.bound(sides) - float((sum(rule.weights(sides))) * sides.first.mean())
    moved = allowed - rule.bound(sides)
    worse = [scale.number(each + moved) for each in (float(found.estimate), *ends)]
    asked = (
        f"{100 * rule.value:g}% of {sides.baseline}, {scale.amount(allowed)}"
        if rule.relative
        else scale.amount(allowed)
    )
    return f"worse by {worse[0]} ({level} interval {worse[1]} to {worse[2]}), asked less than {asked}"
