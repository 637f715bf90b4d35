"""One run judged beside the seeds of a baseline, or one checkpoint beside another: rulings, and what they speak of."""

from collections.abc import Sequence
from dataclasses import dataclass

from harness.compare.design import Design
from harness.compare.scores import read_scores
from harness.errors import ComparisonError
from harness.verdict.requirements import requirement, rule_on
from harness.verdict.ruling import Ruling, combined
from harness.verdict.sides import Scope, Sides, sides_of

DEFAULT = ("not-worse",)
_FEWEST = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class OneRun:
    """What a gate says of one run: of what it speaks, each rule on each suite, and all of them together."""

    scope: Scope
    speaks_of: str
    rulings: tuple[Ruling, ...]

    @property
    def ruling(self) -> Ruling:
        """The gate's own."""
        return combined(self.rulings)


def judge_one_run(design: Design, rules: Sequence[str], scope: Scope = "recipe") -> OneRun:
    """Rule on a design's one candidate: by its reference's seeds, or checkpoint against checkpoint.

    Raises `ComparisonError` for scores that do not pair and for runs that the scope is not about, `UsageError` for a
    rule that is none or has nothing to rule on.
    """
    wanted = [requirement(rule) for rule in rules or DEFAULT]
    sides = tuple(sides_of(design, read_scores(design), scope))
    _check_runs(design, sides, scope)
    rulings = rule_on(wanted, sides, design.tail(1))
    return OneRun(scope=scope, speaks_of=_speaks_of(design, scope), rulings=tuple(rulings))


def _check_runs(design: Design, sides: Sequence[Sides], scope: Scope) -> None:
    seeds, runs = (len(each) for each in (sides[0].first, sides[0].second))
    if scope == "checkpoint" and (seeds, runs) != (1, 1):
        raise ComparisonError(
            f"--scope checkpoint judges one checkpoint against one, got {seeds} and {runs} runs with scores: give one "
            "folder a side, or leave the scope out."
        )
    if scope == "recipe" and design.one_run and seeds < _FEWEST:
        raise ComparisonError(
            f"{design.reference.name} has {seeds} seed with scores, and a variance between seeds takes two: score "
            "another seed of the baseline, or judge these two checkpoints alone (--scope checkpoint)."
        )


def _speaks_of(design: Design, scope: Scope) -> str:
    new, old = ", ".join(each.name for each in design.candidates), design.reference.name
    if scope == "checkpoint":
        return (
            f"One checkpoint of {new} against one of {old}, over items alone: another seed of either may do otherwise, "
            "and nothing is said of a recipe."
        )
    return (
        f"One run of {new} beside {sum(design.reference.ran)} seeds of {old}. Assumed, since one run cannot show it: "
        f"{new} varies between seeds as {old} does."
    )
