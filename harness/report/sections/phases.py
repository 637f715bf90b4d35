"""A search in phases: what each phase tried and kept, what was found, whether fresh seeds bear it out, and its cost."""

from collections.abc import Iterator, Mapping
from typing import Any

from harness.compare.costs import RunCosts
from harness.compare.search_cost import SearchCost
from harness.plan.phases import PHASES
from harness.records import FoundRecipe, PhaseEntry, SearchPhase
from harness.report.document import Block, Cell, Duration, Interval, Number, Prose, PValue, Table, Words
from harness.report.sections.gaps import gap_cell
from harness.statistics.speedup import SpeedUp
from harness.verdict.records import GapComparison, PersistenceComparison, Verdicts

REMARK = 40
"""Characters for what is said of a trial."""


def phase_blocks(found: FoundRecipe | None, cost: SearchCost | None) -> Iterator[Block]:
    """Yield the table of phases and what the search cost; nothing where there was none.

    Losses are in nats a token, margins in bits a byte, both on validation rows alone.
    """
    if found is None:
        return
    margins = any(entry.margin is not None for phase in found.phases for entry in phase.entries)
    taken = " and answer margin in bits a byte" if margins else ""
    yield Table(
        title=f"Search in phases, by validation rows alone: loss in nats a token{taken}, means over a phase's seeds",
        headers=("phase", "arm", "steps", "loss", *(["margin"] if margins else []), ("train", "a run"), ""),
        rows=tuple(
            _row(phase, place, entry, margins=margins)
            for phase in found.phases
            for place, entry in enumerate(phase.entries)
        ),
    )
    yield Prose(f"Found: {_said(found.arm, found.values)}{_called(found)}. {_cost(cost)}")


def found_table(found: FoundRecipe) -> Table:
    """Return what a search that is all found, in a row."""
    return Table(
        title="Found, by validation rows alone; no seed but the search's has confirmed it",
        headers=("arm", "with"),
        rows=((found.arm, _values(found.values) or "its own values"),),
    )


def confirmation_blocks(found: FoundRecipe | None, verdicts: Verdicts, costs: RunCosts) -> Iterator[Block]:
    """Yield how what was found stands beside the baseline on seeds and items that the search did not see."""
    if found is None:
        return
    gaps: tuple[GapComparison | PersistenceComparison, ...] = (*verdicts.in_domain, *verdicts.comparisons)
    rows = [_gap_row(one) for one in gaps if one.candidate == found.recipe]
    own = [each for each in costs.recipes if each.recipe == found.recipe]
    rows += [_speed_row("training time, speed-up", each.speed_up) for each in own]
    rows += [_speed_row("with what is probed before", each.speed_up_with_probes) for each in own if each.probe_seconds]
    yield Table(
        title=(
            f"{found.recipe} against {verdicts.reference}, on seeds that chose nothing and items that the search did "
            f"not see: {100 * verdicts.level:.4g}% intervals of gaps (positive: {verdicts.reference} is better), 95% "
            "of speed-ups (above 1×: faster)"
        ),
        headers=("measure", ("estimate", "[interval]"), "p", "verdict"),
        rows=tuple(rows),
        notes=(
            "this confirmation is harness's own: a loss by which the best of several was chosen is too low, for it",
        ),
    )


def _row(phase: SearchPhase, place: int, entry: PhaseEntry, *, margins: bool) -> tuple[Cell, ...]:
    ended = [each for each in entry.trials if not each.failure]
    steps = sorted({each.steps for each in ended if each.steps is not None})
    seconds = [each.train_seconds for each in ended if each.train_seconds is not None]
    loss = "failed" if entry.loss is None else Number(value=entry.loss, form="{:.4f}", unit="nats a token")
    margin = None if entry.margin is None else Number(value=entry.margin, form="{:+.3f}", unit="bits a byte")
    return (
        PHASES[phase.name] if place == 0 else "",
        (entry.arm, *_values(entry.values)),
        " or ".join(map(str, steps)),
        loss,
        *([margin] if margins else []),
        Duration(sum(seconds) / len(seconds)) if seconds else None,
        Words("; ".join(_remarks(entry)), REMARK),
    )


def _remarks(entry: PhaseEntry) -> Iterator[str]:
    if len(entry.trials) > 1:
        yield f"{len(entry.trials)} seeds"
    if entry.kept:
        yield "kept"
    yield from dict.fromkeys(each.failure for each in entry.trials if each.failure)


def _values(values: Mapping[str, Any]) -> tuple[str, ...]:
    written = {field: f"{value:.3g}" if isinstance(value, float) else value for field, value in values.items()}
    return tuple(f"{field}={value}" for field, value in written.items())


def _said(arm: str, values: Mapping[str, Any]) -> str:
    return f"{arm} with {', '.join(_values(values))}" if values else f"{arm} as it is declared"


def _called(found: FoundRecipe) -> str:
    return f", {found.recipe} in the run" if found.recipe != found.arm else ""


def _cost(cost: SearchCost | None) -> str:
    if cost is None:
        return ""
    failed = f" ({cost.failed} failed, whose time is not counted)" if cost.failed else ""
    measured = (("as many steps as", cost.in_steps), ("as much training time as", cost.in_time))
    times = [f"{what} {ratio:.1f}" for what, ratio in measured if ratio]
    full = f": {' and '.join(times)} full runs of the baseline" if times else ""
    return (
        f"The search took {cost.trials} trials{failed}, {Duration(cost.train_seconds)} of training, of which "
        f"{Duration(cost.probe_seconds)} were probes, {Duration(cost.seconds)} in all{full}."
    )


def _gap_row(one: GapComparison | PersistenceComparison) -> tuple[Cell, ...]:
    persists = isinstance(one, PersistenceComparison)
    task, gap = (one.out_of_domain, one.gap_out) if isinstance(one, PersistenceComparison) else (one.task, one.gap)
    p = None if gap is None or gap.p_adjusted is None else PValue(gap.p_adjusted)
    where = "out-of-domain" if persists else "in-domain"
    return (f"gap in {one.metric}, {task} ({where})", gap_cell(gap, one.metric), p, one.verdict)


def _speed_row(name: str, found: SpeedUp | None) -> tuple[Cell, ...]:
    if found is None:
        return (name, None, None, "fewer than two seeds")
    ratio = Interval(estimate=found.estimate, low=found.low, high=found.high, form="{:.2f}", symbol="×")
    verdict = "faster" if found.low > 1 else "slower" if found.high < 1 else "not settled"
    return (name, ratio, PValue(found.p), verdict)
