"""What to use: the recipe to take, what it saves, and what it is shown on; or what keeps any from being recommended."""

from collections.abc import Iterator, Sequence

from harness.compare.costs import RunCosts
from harness.records import GIB, MIB
from harness.report.document import Block, Duration, Finding, Table, Words
from harness.report.sections.needs import amount, reason
from harness.spec.records import CostKind
from harness.statistics.speedup import SpeedUp
from harness.verdict.decision import Decision
from harness.verdict.price import ALIKE, cheapest, plans, price_of
from harness.verdict.records import NotWorse, Prospect, Recommendation, Verdicts
from harness.verdict.wording import Scale

TITLE = "WHAT TO USE"
SUITES = 30
"""Characters for the suites on which a recipe is shown, or not."""
_NAMES: dict[CostKind, str] = {
    "training_time": "training time",
    "memory": "memory at the peak",
    "size": "size on disk",
    "price": "price",
}


def decision_blocks(verdicts: Verdicts, decision: Decision, costs: RunCosts | None = None) -> Iterator[Block]:
    """Yield the recommendation, and a row a candidate where there are several."""
    found = verdicts.recommendation
    chosen = _title(found, decision)
    yield Finding(
        title=f"{TITLE}: {chosen}",
        lines=tuple(_lines(verdicts, decision, costs)),
        subject=f"{TITLE.capitalize()}: {chosen}",
        weight="settled" if found.shown else "open",
    )
    if len(found.candidates) > 1:
        yield _table(found, decision)


def _title(found: Recommendation, decision: Decision) -> str:
    if not found.shown:
        return f"none is shown to do as well as {found.reference}"
    if decision.recipe is None:
        alone = len(found.shown) == 1
        return f"{found.shown[0]}, if it costs less" if alone else f"{_either(found.shown)}, whichever costs least"
    return decision.recipe


def _lines(verdicts: Verdicts, decision: Decision, costs: RunCosts | None) -> Iterator[str]:
    found = verdicts.recommendation
    if found.obstacles:
        yield f"Nothing is recommended: {'; '.join(found.obstacles)}."
    elif found.shown:
        yield from _chosen(found, decision)
        for name in [decision.recipe] if decision.recipe else found.shown:
            yield from _reservations(verdicts, name)
    if not found.shown:
        yield from _closest(found, costs)


def _chosen(found: Recommendation, decision: Decision) -> Iterator[str]:
    shown = _named(found, found.shown[0] if decision.recipe in {None, found.reference} else str(decision.recipe))
    where = "; ".join(_on(each) for each in shown.suites)
    if decision.recipe is None:
        yield (
            f"Shown to be worse than {found.reference} by less than the margin on every suite: "
            f"{', '.join(found.shown)}. {_unknown(found, decision)}"
        )
    elif decision.recipe == found.reference:
        others = f"{', '.join(found.shown)} {'is' if len(found.shown) == 1 else 'are'} shown not to be worse"
        yield f"{others} by the margin, and {'costs' if len(found.shown) == 1 else 'cost'} more: {_costs(decision)}."
    else:
        yield f"{_saving(found, decision)} It is shown to be worse by less than the margin on every suite: {where}."
        more = [name for name in found.shown if name != decision.recipe]
        if more:
            yield f"So {'is' if len(more) == 1 else 'are'} {', '.join(more)}, which cost{'s' * (len(more) == 1)} more."


def _unknown(found: Recommendation, decision: Decision) -> str:
    if decision.unsettled:
        ratios = "; ".join(f"{name} {_ratio(ratio)}" for name, ratio in decision.unsettled.items())
        return (
            f"Whether it saves training time beside {found.reference} is not settled: {ratios}. "
            f"The means: {_costs(decision)}."
        )
    missing = [name for name in (found.reference, *found.shown) if name not in decision.costs]
    whose = "What they cost is not known here" if not decision.costs else f"Not known: what {', '.join(missing)} costs"
    return f"{whose} ({_NAMES[decision.by]}): take the cheapest of these and {found.reference}, which adds no error."


def _saving(found: Recommendation, decision: Decision) -> str:
    ratio = decision.speed_up
    times = ""
    if ratio is not None:
        times = f" ({_ratio(ratio)})"
    return (
        f"It saves {decision.saving:.0%} of the {_NAMES[decision.by]} of {found.reference}: {_costs(decision)}{times}."
    )


def _ratio(ratio: SpeedUp) -> str:
    return f"{ratio.estimate:.2f} times as fast, 95% interval {ratio.low:.2f} to {ratio.high:.2f}"


def _costs(decision: Decision) -> str:
    return ", ".join(f"{name} {_cost(cost, decision.by)}" for name, cost in decision.costs.items()) + " a run"


def _cost(cost: float, by: CostKind) -> str:
    match by:
        case "training_time":
            return str(Duration(cost)) if cost >= 60 else f"{cost:.1f} s"  # noqa: PLR2004
        case "memory":
            return f"{cost / GIB:.2f} GiB"
        case "size":
            return f"{cost / MIB:.1f} MiB"
        case "price":
            return f"{cost:.4f}"


def _reservations(verdicts: Verdicts, name: str) -> Iterator[str]:
    """Yield what a user of the recipe must know besides: what it forgot, and that runs of it failed."""
    for one in verdicts.guards:
        if one.candidate == name and one.verdict.startswith("forgets"):
            yield f"Against the untuned model {name} forgets on {one.task} ({one.verdict}): {one.sentence}"
    for failed in verdicts.failures:
        if failed.arm == name and failed.rate.failed:
            count = f"{failed.rate.failed} of {failed.rate.runs} runs of {name}"
            yield f"{count} failed; what is shown is of the others."


def _closest(found: Recommendation, costs: RunCosts | None) -> Iterator[str]:
    if found.closest is None:
        yield "No candidate could be recommended whatever its scores: all are placebos."
        return
    one = _named(found, found.closest)
    missed = [each for each in one.suites if not each.shown]
    if not missed:  # an obstacle is in the way, and no suite
        yield f"{one.candidate} is shown to be worse by less than the margin on every suite."
        return
    yield f"The closest is {one.candidate}: not shown on {'; '.join(map(_on, missed))}."
    if one.need is not None:
        yield _taken(found, one, costs)
    for each in missed:
        if each.gap is not None and each.gap.estimate >= each.sesoi:
            yield f"If the truth is as estimated, it is worse by more than the margin on {each.task}, and stays so."


def _taken(found: Recommendation, one: Prospect, costs: RunCosts | None) -> str:
    assert one.need is not None
    tasks = tuple(each.task for each in one.suites)
    price = None if costs is None else price_of(costs, (found.reference, one.candidate), tasks)
    plan = cheapest(plans(one.need, price or ALIKE), decisive=False)
    if plan is None:
        return f"What it would take is out of reach. {reason(one.need, one.need.labels[0])}"
    return (
        "What it would take to show it, four times in five, if the truth is as estimated: "
        f"{amount(plan, one.need, price)}."
    )


def _on(each: NotWorse) -> str:
    """Return ``k8s_qa (by 0.012 at most, margin 0.03 bits/byte)``."""
    if each.gap is None:
        return f"{each.task} ({each.why})"
    scale, upper = Scale(each.metric), each.gap.interval[1]
    much = f"by {scale.number(upper)} at most" if upper > 0 else f"better by {scale.number(-upper)} at least"
    return f"{each.task} ({much}, margin {scale.amount(each.sesoi)})"


def _table(found: Recommendation, decision: Decision) -> Table:
    kind = _NAMES[decision.by]
    return Table(
        title=f"Worse than {found.reference} by less than the margin: where it is shown of each candidate",
        headers=("recipe", "shown on", "not shown on", *([kind] if decision.costs else [])),
        rows=tuple(
            (
                each.candidate,
                Words(_tasks(each.suites, shown=True), SUITES),
                each.excluded or Words(_tasks(each.suites, shown=False), SUITES),
                *([_cost_cell(each.candidate, decision)] if decision.costs else []),
            )
            for each in found.candidates
        ),
    )


def _cost_cell(name: str, decision: Decision) -> str | None:
    cost = decision.costs.get(name)
    return None if cost is None else _cost(cost, decision.by)


def _tasks(suites: Sequence[NotWorse], *, shown: bool) -> str:
    return ", ".join(each.task for each in suites if each.shown == shown) or "–"


def _named(found: Recommendation, name: str) -> Prospect:
    return next(each for each in found.candidates if each.candidate == name)


def _either(names: Sequence[str]) -> str:
    return " or ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)
