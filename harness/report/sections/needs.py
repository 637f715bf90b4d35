"""What a verdict that was not reached would take: the cheapest plan and the cheapest decisive one, the rest in a table.

A plan promises a verdict, four times in five, if the truth is as estimated. It promises no label: at the truth a named
one is given less often than that.
"""

from collections.abc import Iterator, Mapping, Sequence
from math import ceil

from harness.compare.costs import RunCosts
from harness.report.document import Block, Cell, Duration, Table, Words
from harness.statistics.sample_size import MAX_SEEDS
from harness.verdict.estimates import Need, NeedOfLabel
from harness.verdict.price import ALIKE, Plan, Price, cheapest, plans, price_of
from harness.verdict.records import GapComparison, PersistenceComparison, Verdicts

_SUBJECT = 30
"""Characters for a comparison in the table."""


def need_lines(one: PersistenceComparison | GapComparison, costs: RunCosts | None) -> Iterator[str]:
    """Yield what more it would take for a verdict, and for one that settles the question."""
    need = one.need
    if need is None:
        return
    price = _price(one, costs)
    found = plans(need, price or ALIKE)
    first, decisive = cheapest(found, decisive=False), cheapest(found, decisive=True)
    if first is None:
        yield f"What it would take: no verdict is in reach. {reason(need, found[0].need)}"
    else:
        whose = "a verdict that leaves nothing open" if first is decisive else "a verdict"
        yield (
            f"What it would take: {whose}, four times in five, if the truth is as estimated: "
            f"{amount(first, need, price)}. {_binding(need, first.need)}"
        ).strip()
    if first is not None and decisive is None:
        yield f"One that leaves nothing open is out of reach. {reason(need, _nearest_decisive(found))}".strip()
    elif decisive is not None and decisive is not first:
        yield f"One that leaves nothing open: {amount(decisive, need, price)}. {_binding(need, decisive.need)}".strip()
    yield from _unrecorded(need)


def needs_table(verdicts: Verdicts, costs: RunCosts | None) -> Iterator[Block]:
    """Yield a row for each reading of the estimates that the sentences leave out."""
    asked: list[PersistenceComparison | GapComparison] = [*verdicts.comparisons, *_spoken_of(verdicts)]
    rows = [row for one in asked if one.need is not None for row in _rows(one, one.need, costs)]
    if rows:
        yield Table(
            title="What other readings of the estimates would take; none of them is promised by itself",
            headers=("comparison", "reading", "seeds", ("times the", "items"), "about"),
            rows=tuple(rows),
        )


def _spoken_of(verdicts: Verdicts) -> Sequence[GapComparison]:
    """Return the single gaps that have a finding: in-domain ones only without verdicts about persistence."""
    return verdicts.guards if verdicts.comparisons else (*verdicts.in_domain, *verdicts.guards)


def _rows(one: PersistenceComparison | GapComparison, need: Need, costs: RunCosts | None) -> Iterator[tuple[Cell, ...]]:
    price = _price(one, costs)
    found = plans(need, price or ALIKE)
    said = (cheapest(found, decisive=False), cheapest(found, decisive=True))
    for plan in found:
        if not any(plan is each for each in said):
            yield (Words(_subject(one), _SUBJECT), plan.need.label, *_cells(plan, price))


def _cells(plan: Plan, price: Price | None) -> tuple[Cell, ...]:
    if plan.low is None:
        return "out of reach", None, None
    seeds = _span(plan.low.seeds, plan.high.seeds if plan.high else None)
    items = _span(plan.low.items, plan.high.items if plan.high else None)
    return seeds, items, None if price is None else Duration(price.of(plan.low))


def _subject(one: PersistenceComparison | GapComparison) -> str:
    where = one.task if isinstance(one, GapComparison) else f"{one.in_domain} → {one.out_of_domain}"
    return f"{one.candidate}, {where}"


def _price(one: PersistenceComparison | GapComparison, costs: RunCosts | None) -> Price | None:
    tasks = (one.task,) if isinstance(one, GapComparison) else (one.in_domain, one.out_of_domain)
    return None if costs is None else price_of(costs, (one.reference, one.candidate), tasks)


def amount(plan: Plan, need: Need, price: Price | None) -> str:
    """Return ``4 to 8 seeds with the present 100 items of each suite, about 20 min to 40 min here``."""
    low, high = plan.low, plan.high
    assert low is not None
    seeds = _span(low.seeds, high.seeds if high else None)
    items = {
        task: _span(ceil(count * low.items), ceil(count * high.items) if high else None)
        for task, count in need.items.items()
    }
    present = "the present " if low.items == 1 and (high is None or high.items == 1) else ""
    return f"{seeds} seeds with {present}{_of_each(items)}{_time(plan, price)}"


def _time(plan: Plan, price: Price | None) -> str:
    if price is None or plan.low is None:
        return "" if price else " (a training counted as much as scoring the present items)"
    ends = [price.of(mix) for mix in (plan.low, plan.high) if mix is not None]
    low, high = Duration(min(ends)), Duration(max(ends))
    return f", about {low}{'' if str(low) == str(high) else f' to {high}'} at this run's speed"


def _of_each(amounts: Mapping[str, str]) -> str:
    """Return ``300 items of a and 200 items of b``, or ``300 items of each suite`` where they are alike."""
    if len(amounts) > 1 and len(set(amounts.values())) == 1:
        return f"{next(iter(amounts.values()))} items of each suite"
    return " and ".join(f"{amount} items of {task}" for task, amount in amounts.items())


def _binding(need: Need, label: NeedOfLabel) -> str:
    """Say what cannot be made up for by the other."""
    if label.least_items > 1 and label.least_seeds > need.seeds:
        return f"More of one alone cannot help: at least {label.least_seeds} seeds, and {_at_least(need, label)}."
    if label.least_items > 1:
        return f"More seeds alone cannot help: at least {_at_least(need, label)}."
    if label.least_seeds > need.seeds:
        return f"More items alone cannot help: at least {label.least_seeds} seeds."
    return ""


def _at_least(need: Need, label: NeedOfLabel) -> str:
    counts = {task: str(ceil(count * label.least_items)) for task, count in need.items.items()}
    return _of_each(counts)


def reason(need: Need, label: NeedOfLabel) -> str:
    """Say why a label is out of reach: what its floor is, and what there is."""
    short = [
        f"{task} has {have}"
        for task, count in need.items.items()
        if (have := need.available[task] or count) < count * label.least_items
    ]
    if short:
        return f"It takes at least {_at_least(need, label)}; {', '.join(short)}."
    return f"It takes more than {max(MAX_SEEDS, label.least_seeds - 1)} seeds with all items that there are."


def _nearest_decisive(found: Sequence[Plan]) -> NeedOfLabel:
    return next((plan.need for plan in found if plan.need.decisive), found[0].need)


def _unrecorded(need: Need) -> Iterator[str]:
    unknown = [task for task, have in need.available.items() if have is None]
    if unknown:
        yield (
            f"How many items {' and '.join(unknown)} {'has' if len(unknown) == 1 else 'have'} is not recorded: "
            "no more are planned with than were scored."
        )


def _span(low: float, high: float | None) -> str:
    """Return ``5``, ``5 to 9``, or ``5 or more`` where the upper end is out of reach."""
    written = [f"{end:.3g}" if isinstance(end, float) else str(end) for end in (low, high) if end is not None]
    if high is None:
        return f"{written[0]} or more"
    return written[0] if written[0] == written[1] else " to ".join(sorted(written, key=float))
