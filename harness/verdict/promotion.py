"""Whether a new model takes the place of the one in production: promote, keep, or roll back, by declared rules."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from harness.compare.design import Arm, Design
from harness.compare.scores import read_scores
from harness.errors import ComparisonError
from harness.verdict.requirements import Requirement, requirements, rule_on
from harness.verdict.ruling import ALLOW, REJECT, Ruling, combined
from harness.verdict.sides import Scope, Sides, sides_of

Choice = Literal["promote", "keep", "roll back"]
"""Of an arm: fit to be promoted; not settled, so production stays; shown to be worse than is allowed."""

DEFAULT_DROP = "1%"
"""What every suite may lose where no rules are declared, as a part of what production scores."""
_ARMS: dict[int, Choice] = {ALLOW: "promote", REJECT: "roll back"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """A new arm beside production on a suite: mean scores as logged, and how much better it is, above 0 where it is.

    The limits are one-sided at the level of the decision each; a `reason` stands in their place where none can be had.
    """

    task: str
    role: str
    metric: str
    items: int
    production: float | None = None
    arm: float | None = None
    better: float | None = None
    low: float | None = None
    high: float | None = None
    reason: str | None = None

    @property
    def ahead(self) -> bool:
        """Whether the arm is shown to be better."""
        return self.low is not None and self.low > 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Prospect:
    """A new arm: each rule's ruling, and how it stands beside production on every suite."""

    arm: str
    choice: Choice
    rulings: tuple[Ruling, ...]
    differences: tuple[Difference, ...]

    @property
    def ahead(self) -> bool:
        """Whether it is shown to be better on an in-domain suite."""
        return any(each.ahead for each in self.differences if each.role == "in_domain")

    @property
    def gain(self) -> float:
        """How much better it is on the first in-domain suite."""
        return next((each.better or 0.0 for each in self.differences if each.role == "in_domain"), 0.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Promotion:
    """What is to become of production, and what that rests on.

    An arm that is truly worse than a rule allows is promoted with half of `alpha` at most, over all arms.
    """

    production: str
    choice: Choice
    arm: str | None
    why: str
    speaks_of: str
    rules: tuple[str, ...]
    alpha: float
    prospects: tuple[Prospect, ...]


def decide_promotion(design: Design, declared: Sequence[str] = ()) -> Promotion:
    """Rule on every candidate of a design beside its reference, which is in production.

    `declared` are rules of a gate that are ruled on scores; without any every suite may drop by `DEFAULT_DROP`. An arm
    is promoted that passes all rules and is shown to be better on an in-domain suite; of several the one that gains
    most on the first. Raises `ComparisonError` for scores that do not pair and for a run with looks, `UsageError` for
    a rule that is none or has nothing to rule on.
    """
    if design.looks:
        raise ComparisonError("a run with looks is judged when it ends: leave `looks` out of what decides a promotion.")
    scores = read_scores(design)
    rules = tuple(declared) or tuple(f"drop:{each.suite.task}={DEFAULT_DROP}" for each in scores)
    wanted = requirements(rules)
    scope: Scope = "checkpoint" if design.seeds == 1 else "recipe"
    tail = design.tail(len(design.candidates))
    sides = tuple(sides_of(design, scores, scope))
    prospects = tuple(
        _prospect(arm, [each for each in sides if each.candidate == arm.name], wanted, tail)
        for arm in design.candidates
    )
    choice, arm, why = _choice(design.reference.name, prospects)
    return Promotion(
        production=design.reference.name,
        choice=choice,
        arm=arm,
        why=why,
        speaks_of=_speaks_of(design, scope),
        rules=rules,
        alpha=design.alpha,
        prospects=prospects,
    )


def _prospect(arm: Arm, sides: Sequence[Sides], wanted: Sequence[Requirement], tail: float) -> Prospect:
    rulings = tuple(rule_on(wanted, sides, tail))
    inside = sum(each.scores.suite.role == "in_domain" for each in sides)
    return Prospect(
        arm=arm.name,
        choice=_ARMS.get(combined(rulings).code, "keep"),
        rulings=rulings,
        differences=tuple(_differences(sides, tail / max(1, inside))),
    )


def _differences(sides: Sequence[Sides], tail: float) -> Iterator[Difference]:
    for each in sides:
        suite = each.scores.suite
        known = Difference(task=each.task, role=suite.role, metric=suite.metric, items=each.first.shape[-1])
        if each.in_the_way is not None:
            yield replace(known, reason=each.in_the_way)
            continue
        found = each.contrast(-1.0, 1.0)
        low, high = (float(limit) for limit in found.interval(tail))
        yield replace(
            known,
            production=each.sign * float(each.first.mean()),
            arm=each.sign * float(each.second.mean()),
            better=float(found.estimate),
            low=low,
            high=high,
        )


def _choice(production: str, prospects: Sequence[Prospect]) -> tuple[Choice, str | None, str]:
    fit = [each for each in prospects if each.choice == "promote"]
    ahead = sorted((each for each in fit if each.ahead), key=lambda each: -each.gain)
    if ahead:
        best = ahead[0].arm
        return "promote", best, f"{best} passes every rule and is shown to be better than {production} in-domain"
    if fit:
        names = ", ".join(each.arm for each in fit)
        return "keep", None, f"{names} passes every rule and is not shown to be better than {production} in-domain"
    if prospects and all(each.choice == "roll back" for each in prospects):
        return "roll back", None, f"every new arm is shown to be worse than {production} by more than a rule allows"
    return "keep", None, f"no new arm is shown to keep every rule beside {production}"


def _speaks_of(design: Design, scope: Scope) -> str:
    if scope == "checkpoint":
        return "these trained models, over items alone: another seed of a recipe may do otherwise"
    return f"recipes, over {design.seeds} seeds and items"
