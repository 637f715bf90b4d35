"""A declared rule on verdicts for continuous integration: allow, reject, or inconclusive, and why in one line."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from harness.errors import ComparisonError
from harness.verdict.estimates import IntervalEstimate
from harness.verdict.gap import GapVerdict
from harness.verdict.records import Verdicts

ALLOW, REJECT, UNSETTLED = 0, 1, 2
RULES = ("not-worse-in-domain", "not-worse-out-of-domain", "no-forgetting")


@dataclass(frozen=True, slots=True)
class Ruling:
    """One requirement's outcome, as an exit code, and the statement behind it."""

    code: int
    text: str


def gate(verdicts: Verdicts, declared: Mapping[str, Any]) -> Ruling:
    """Rule on verdicts by ``{"rules": [...]}``; without it: not worse in-domain and, with guards, no forgetting.

    "Not worse" allows when the candidate is shown to be less than the smallest effect of interest worse, rejects
    when it is shown to be more than it worse, and is inconclusive in between. One rejection rejects; otherwise
    one unsettled requirement is inconclusive. Raises `ComparisonError` for a rule that does not exist or has
    nothing to rule on.
    """
    rules = _rules(verdicts, declared)
    rulings = [ruling for rule in rules for ruling in _rulings(rule, verdicts)]
    for code, word in ((REJECT, "rejected"), (UNSETTLED, "inconclusive")):
        failing = [ruling.text for ruling in rulings if ruling.code == code]
        if failing:
            return Ruling(code, f"gate {word}: {'; '.join(failing)}")
    return Ruling(ALLOW, f"gate passed: {'; '.join(ruling.text for ruling in rulings)}")


def _rules(verdicts: Verdicts, declared: Mapping[str, Any]) -> Sequence[str]:
    rules = declared.get("rules", ["not-worse-in-domain", *(["no-forgetting"] if _has_guards(verdicts) else [])])
    unknown = [str(key) for key in declared if key != "rules"] + [str(rule) for rule in rules if rule not in RULES]
    if unknown or not rules:
        raise ComparisonError(
            f"the gate does not know {', '.join(unknown) or 'an empty list of rules'}: "
            f'it takes {{"rules": [...]}} with one or more of {", ".join(RULES)}.'
        )
    left_out = {each.role for each in verdicts.not_compared}
    empty = {
        "not-worse-out-of-domain": not verdicts.comparisons and not left_out & {"in_domain", "out_of_domain"},
        "no-forgetting": not verdicts.guards and "guard" not in left_out,
    }
    for rule in rules:
        if empty.get(rule):
            raise ComparisonError(f"gate rule {rule} has no suite to rule on: name one with that role.")
    return list(rules)


def _has_guards(verdicts: Verdicts) -> bool:
    return bool(verdicts.guards) or any(each.role == "guard" for each in verdicts.not_compared)


_ROLES = {
    "not-worse-in-domain": ("in_domain",),
    "not-worse-out-of-domain": ("in_domain", "out_of_domain"),
    "no-forgetting": ("guard",),
}
"""The suites that a rule needs: a gap out-of-domain is judged beside the one in-domain."""


def _rulings(rule: str, verdicts: Verdicts) -> Iterator[Ruling]:
    for suite in verdicts.not_compared:
        if suite.role in _ROLES[rule]:
            yield Ruling(UNSETTLED, f"{suite.task} cannot be compared")
    if rule == "no-forgetting":
        codes = {GapVerdict.SAFE.value: ALLOW, GapVerdict.FORGETS.value: REJECT}
        for one in verdicts.guards:
            # The reference's own forgetting is no reason to turn a candidate down.
            if one.candidate != verdicts.reference:
                yield Ruling(codes.get(one.verdict, UNSETTLED), f"{one.candidate} on {one.task}: {one.verdict}")
    elif rule == "not-worse-in-domain":
        for one in verdicts.in_domain:
            usable = one.verdict != GapVerdict.INSUFFICIENT.value and _enough(one.seeds, one.gap)
            yield _not_worse(one.candidate, one.task, one.gap if usable else None, one.sesoi)
    else:
        for each in verdicts.comparisons:
            usable = each.verdict != GapVerdict.INSUFFICIENT.value and _enough(each.seeds, each.gap_out)
            yield _not_worse(each.candidate, each.out_of_domain, each.gap_out if usable else None, each.sesoi_out)


def _enough(seeds: int, gap: IntervalEstimate | None) -> bool:
    """Return whether an interval is about the recipe: one seed without a declared variance is not."""
    return gap is not None and (seeds > 1 or gap.df_seeds > 0)


def _not_worse(candidate: str, task: str, gap: IntervalEstimate | None, margin: float) -> Ruling:
    if gap is None:
        return Ruling(UNSETTLED, f"{candidate} on {task}: too little to judge")
    low, high = gap.interval
    seen = f"gap {gap.estimate:.4g}, interval {low:.4g} to {high:.4g}, margin {margin:g}"
    if high < margin:
        return Ruling(ALLOW, f"{candidate} is not worse on {task} ({seen})")
    if low > margin:
        return Ruling(REJECT, f"{candidate} is worse on {task} ({seen})")
    return Ruling(UNSETTLED, f"{candidate} on {task} is not settled ({seen})")
