"""A comparison as a command declares it, once its arms are known: suites in their roles, margins, and how to judge."""

from collections.abc import Mapping, Sequence
from typing import TypedDict, Unpack

from harness.compare.design import Arm, Design
from harness.declarations.metrics import metric as known_metric
from harness.errors import ComparisonError
from harness.spec.records import Duplicates, IdenticalRuns, Role, Suite


class Judging(TypedDict, total=False):
    """What is declared of a comparison whatever the arms are; defaults are those of `Design`."""

    lower_is_better: bool | None
    retention: float
    alpha: float
    require_gain: bool
    newest: bool
    duplicates: Duplicates
    identical_runs: IdenticalRuns
    model: str | None
    one_run: bool


class Declared(Judging, total=False):
    """What is declared beside it of any comparison; nothing is declared of what is left out.

    `sesoi` is the smallest effect of interest in the metric's unit. `seed_sd`, with its degrees of freedom `seed_df`,
    is the standard deviation between seeds from earlier work.
    """

    sesoi: float | None
    seed_sd: float | None
    seed_df: float | None


def declared_suites(
    roles: Mapping[Role, Sequence[str]],
    *,
    metric: str,
    guard_metric: str | None,
    cluster: str,
    fixed_items: bool,
    guard_sesoi: float | None,
) -> tuple[Suite, ...]:
    """Return the suites that are named, by role. `guard_sesoi` is None for the metric's natural margin."""
    learned: tuple[Role, ...] = ("in_domain", "out_of_domain")
    suites = [
        Suite(task=task, role=role, metric=metric, cluster=cluster, fixed_items=fixed_items)
        for role in learned
        for task in roles[role]
    ]
    if guards := roles["guard"]:
        of_guards = guard_metric or metric
        margin = _sesoi(guard_sesoi, of_guards, "guard_sesoi")
        suites += [Suite(task=task, role="guard", metric=of_guards, sesoi=margin, cluster=cluster) for task in guards]
    return tuple(suites)


def declared_design(
    *,
    reference: Arm,
    candidates: Sequence[Arm],
    base: Arm | None,
    suites: Sequence[Suite],
    metric: str,
    sesoi: float | None = None,
    seed_sd: float | None = None,
    seed_df: float | None = None,
    **judging: Unpack[Judging],
) -> Design:
    """Return the comparison. Raises `ComparisonError` with what is wrong with it."""
    if (seed_sd is None) != (seed_df is None):
        raise ComparisonError(
            "seed_sd and seed_df, or --seed-sd and --seed-df go together: "
            "a standard deviation and how well it is known."
        )
    return Design(
        reference=reference,
        candidates=tuple(candidates),
        base=base,
        suites=tuple(suites),
        sesoi=_sesoi(sesoi, metric, "sesoi"),
        variances={} if seed_sd is None or seed_df is None else {"seed_sd": seed_sd, "seed_df": seed_df},
        **judging,
    )


def _sesoi(given: float | None, metric: str, name: str) -> float:
    margin = known_metric(metric).sesoi if given is None else given
    if margin is None:
        option = f"--{name.replace('_', '-')}"
        raise ComparisonError(
            f"{metric} has no natural margin: say with {name} or {option} what difference is worth knowing about, "
            f"in {known_metric(metric).unit or 'its unit'} (a tenth of what the reference gains, say)."
        )
    return margin
