"""What fits into a budget: seeds and items, what they show, and what twice as much would."""

from collections.abc import Iterator

from harness.plan.within import Fit, Within
from harness.report.document import Block, Duration, Finding, Number, Table
from harness.spec.records import Experiment
from harness.verdict.wording import Scale


def within_blocks(experiment: Experiment, found: Within) -> Iterator[Block]:
    """Yield what the budget gives, then a row each for it, for twice as much, and for what would be enough."""
    yield Finding(title=f"WITHIN {Duration(found.seconds)}: {_title(found)}", lines=tuple(_lines(experiment, found)))
    rows = [("this budget", found.best), ("twice as much", found.doubled), ("enough for the SESOI", found.enough)]
    if found.best is None:
        rows.append(("the least that shows anything", found.least))
    tasks = tuple(found.least.effects)
    yield Table(
        title="smallest true effect that is shown four times in five",
        headers=("", "seeds", ("items", "at most"), "about", *tasks),
        rows=tuple(_row(name, fit, tasks) for name, fit in rows),
    )


def _title(found: Within) -> str:
    if found.best is None:
        return "nothing can be shown"
    return f"{found.best.seeds} seeds, at most {found.best.limit} items of a suite"


def _row(name: str, fit: Fit | None, tasks: tuple[str, ...]) -> tuple[str | Number | Duration | None, ...]:
    if fit is None:
        return (name, *(None for _ in range(3 + len(tasks))))
    effects = (Number(value=fit.effects[task], form="{:.3f}") for task in tasks)
    return (name, str(fit.seeds), str(fit.limit), Duration(fit.seconds), *effects)


def _lines(experiment: Experiment, found: Within) -> Iterator[str]:
    if found.best is None:
        yield (
            f"Two seeds are the least that speak of recipes, and take {Duration(found.least.seconds)} with "
            f"{found.least.limit} items of a suite: that is the smallest budget that shows anything."
        )
    else:
        yield from _shown(experiment, found.best)
    if found.enough is None:
        yield "No number of seeds up to 200 shows an effect as small as the SESOI with the items that there are."
    elif found.best is None or found.best.multiple > 1:
        yield (
            f"That takes {found.enough.seeds} seeds with at most {found.enough.limit} items of a suite, about "
            f"{Duration(found.enough.seconds)}."
        )
    if found.best is not None and found.doubled is not None:
        less = 1 - found.doubled.multiple / found.best.multiple
        yield f"Twice as much would show effects {less:.0%} smaller, with {found.doubled.seeds} seeds."
    if found.best is not None and found.look is not None:
        wider = found.look.multiple / found.best.multiple - 1
        yield (
            f"Looks at 3 and {found.best.seeds} seeds fit too: the run may stop after {Duration(found.look.seconds)}, "
            f"and the smallest effects are {wider:.0%} larger if it does not."
        )
    if found.assumed:
        yield f"Variances are assumed ({', '.join(found.assumed)}); --from RUN takes those of a run."


def _shown(experiment: Experiment, fit: Fit) -> Iterator[str]:
    metrics = {suite.task: suite.metric for suite in experiment.suites}
    effects = ", ".join(f"{Scale(metrics[task]).amount(effect)} on {task}" for task, effect in fit.effects.items())
    yield f"Shown four times in five: effects of {effects}, or more."
    if fit.multiple <= 1:
        yield "A recipe as good as the reference is shown not to be worse by the SESOI, four times in five a suite."
    else:
        yield f"That is up to {fit.multiple:.1f} times the SESOI: that a recipe is not worse by it cannot be expected."
