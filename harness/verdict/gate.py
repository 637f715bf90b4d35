"""A declared rule on verdicts for continuous integration: allow, reject, or inconclusive, and why in one line."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from harness.compare.design import Design
from harness.compare.scores import read_comparable
from harness.errors import ComparisonError
from harness.verdict.estimates import IntervalEstimate
from harness.verdict.gap import GapVerdict
from harness.verdict.recommendation import CANNOT
from harness.verdict.records import Verdicts
from harness.verdict.requirements import PLAIN, Requirement, is_rule, requirement, rule_on
from harness.verdict.ruling import ALLOW, REJECT, UNSETTLED, Ruling, combined
from harness.verdict.sides import sides_of

RULES = ("not-worse", "not-worse-in-domain", "not-worse-out-of-domain", "no-forgetting")


def gate(verdicts: Verdicts, declared: Mapping[str, Any], design: Design | None = None) -> Ruling:
    """Rule on verdicts by ``{"rules": [...]}``; without it: not worse in-domain and, with guards, no forgetting.

    A rule with a number, a threshold or a drop, is about scores: those of the `design` that was judged are read again.

    "Not worse" allows when the candidate is shown to be less than the smallest effect of interest worse, rejects
    when it is shown to be more than it worse, and is inconclusive in between. One rejection rejects; otherwise
    one unsettled requirement is inconclusive. Raises `ComparisonError` for a rule that does not exist or has
    nothing to rule on.
    """
    rules = _rules(verdicts, declared)
    found = [ruling for rule in rules if rule in RULES for ruling in _rulings(rule, verdicts)]
    numbered = [requirement(rule) for rule in rules if rule not in RULES]
    if numbered:
        found += _on_scores(verdicts, numbered, design)
    return combined(found)


def _on_scores(verdicts: Verdicts, rules: Sequence[Requirement], design: Design | None) -> Sequence[Ruling]:
    """Rule on the scores behind verdicts, at looks on those of the last that was taken, with its share of the error."""
    if design is None:
        raise ComparisonError(f"{', '.join(rule.text for rule in rules)}: a rule with a number needs the scores.")
    if verdicts.looks is not None and verdicts.looks.taken:
        design = design.at(verdicts.looks.taken[-1].number)
    scores, left_out = read_comparable(design)
    missing = [Ruling(UNSETTLED, f"{each.task} cannot be compared") for each in left_out if each.role == "in_domain"]
    seeds = len(design.reference.runs)
    found = rule_on(rules, tuple(sides_of(design, [each.of_first(seeds) for each in scores])), design.tail(1))
    return [*missing, *found]


def _rules(verdicts: Verdicts, declared: Mapping[str, Any]) -> Sequence[str]:
    rules = declared.get("rules", ["not-worse-in-domain", *(["no-forgetting"] if _has_guards(verdicts) else [])])
    unknown = [str(key) for key in declared if key != "rules"]
    unknown += [str(rule) for rule in rules if rule not in RULES and not is_rule(str(rule))]
    if unknown or not rules:
        raise ComparisonError(
            f"the gate does not know {', '.join(unknown) or 'an empty list of rules'}: "
            f'it takes {{"rules": [...]}} with one or more of {", ".join(RULES)}, threshold:NUMBER, drop:NUMBER.'
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
    **PLAIN,
    "not-worse-out-of-domain": ("in_domain", "out_of_domain"),
    "no-forgetting": ("guard",),
}
"""The suites that a rule needs: a gap out-of-domain is judged beside the one in-domain."""


def _rulings(rule: str, verdicts: Verdicts) -> Iterator[Ruling]:
    """Yield what one rule of `RULES` says of each candidate on each suite that it is about."""
    for suite in verdicts.not_compared:
        if suite.role in _ROLES[rule]:
            yield Ruling(UNSETTLED, f"{suite.task} cannot be compared")
    yield from _RULINGS[rule](verdicts)


def _anywhere(verdicts: Verdicts) -> Iterator[Ruling]:
    """Rule on every suite, guards against the reference, by what a recommendation rests on."""
    for prospect in verdicts.recommendation.candidates:
        for each in prospect.suites:
            if each.why != CANNOT:
                yield _not_worse(prospect.candidate, each.task, each.gap, each.sesoi, each.why)


def _inside(verdicts: Verdicts) -> Iterator[Ruling]:
    for one in verdicts.in_domain:
        usable = one.verdict != GapVerdict.INSUFFICIENT.value and _enough(one.seeds, one.gap)
        yield _not_worse(one.candidate, one.task, one.gap if usable else None, one.sesoi)


def _outside(verdicts: Verdicts) -> Iterator[Ruling]:
    for one in verdicts.comparisons:
        usable = one.verdict != GapVerdict.INSUFFICIENT.value and _enough(one.seeds, one.gap_out)
        yield _not_worse(one.candidate, one.out_of_domain, one.gap_out if usable else None, one.sesoi_out)


def _forgetting(verdicts: Verdicts) -> Iterator[Ruling]:
    codes = {GapVerdict.SAFE.value: ALLOW, GapVerdict.FORGETS.value: REJECT}
    for one in verdicts.guards:
        # The reference's own forgetting is no reason to turn a candidate down.
        if one.candidate != verdicts.reference:
            yield Ruling(codes.get(one.verdict, UNSETTLED), f"{one.candidate} on {one.task}: {one.verdict}")


_RULINGS = {
    "not-worse": _anywhere,
    "not-worse-in-domain": _inside,
    "not-worse-out-of-domain": _outside,
    "no-forgetting": _forgetting,
}
_ONE_RUN = (
    "A rule about recipes takes two seeds a side or more, or one run beside two seeds or more of a baseline "
    "(--baseline); --scope checkpoint judges two checkpoints alone."
)


def _enough(seeds: int, gap: IntervalEstimate | None) -> bool:
    """Return whether an interval is about the recipe: one seed without a declared variance is not."""
    return gap is not None and (seeds > 1 or gap.df_seeds > 0)


def _not_worse(
    candidate: str, task: str, gap: IntervalEstimate | None, margin: float, why: str | None = None
) -> Ruling:
    if gap is None:
        return Ruling(UNSETTLED, f"{candidate} on {task}: {why or 'too little to judge'}", passable=_ONE_RUN)
    low, high = gap.interval
    seen = f"gap {gap.estimate:.4g}, interval {low:.4g} to {high:.4g}, margin {margin:g}"
    if high < margin:
        return Ruling(ALLOW, f"{candidate} is not worse on {task} ({seen})")
    if low > margin:
        return Ruling(REJECT, f"{candidate} is worse on {task} ({seen})")
    return Ruling(UNSETTLED, f"{candidate} on {task} is not settled ({seen})")
