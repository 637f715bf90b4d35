"""A promotion as a document: the decision, each rule's ruling, and every new arm beside production."""

from harness.report.document import Badge, Block, Cell, Document, Interval, Number, Prose, Table, Weight
from harness.verdict.promotion import Difference, Promotion, Prospect
from harness.verdict.wording import Scale

_BETTER = (
    "better by: above 0 where the new arm is better; each limit is one-sided, so that over all arms promoting one "
    "that is worse than a rule allows has half of alpha at most."
)


def promotion_document(found: Promotion) -> Document:
    """Return the document."""
    said = f"{found.choice} {found.arm}" if found.arm else found.choice
    head = f"{said.capitalize() if not found.arm else said[0].upper() + said[1:]}: {found.why}."
    blocks: tuple[Block, ...] = (
        Prose(f"{head} It speaks of {found.speaks_of}."),
        _table(found),
        Prose("\n".join(f"{each.text}" for prospect in found.prospects for each in prospect.rulings)),
    )
    return Document(blocks, f"{found.production}: {said}")


def _table(found: Promotion) -> Table:
    return Table(
        title=f"New arms beside {found.production}, by the rules {', '.join(found.rules)}; alpha {found.alpha:g}.",
        headers=("arm", "so", "suite", "role", found.production, "arm's", "better by", "items"),
        rows=tuple(_row(each, one) for each in found.prospects for one in each.differences),
        notes=(
            _BETTER,
            "promote: every rule is shown to be kept; roll back: one is shown to be broken; keep: neither.",
        ),
    )


def _row(prospect: Prospect, one: Difference) -> tuple[Cell, ...]:
    scale = Scale(one.metric)
    form = "{:.1f}" if scale.times != 1 else "{:.3g}"

    def number(value: float | None) -> Cell:
        return None if value is None else Number(value=value, form=form, times=scale.times)

    better: Cell = one.reason
    if one.better is not None and one.low is not None and one.high is not None:
        better = Interval(
            estimate=one.better, low=one.low, high=one.high, form=form.replace(":", ":+"), times=scale.times
        )
    weight: Weight = "open" if prospect.choice == "keep" else "settled"
    return (
        prospect.arm,
        Badge(prospect.choice, weight),
        one.task,
        one.role.replace("_", "-"),
        number(one.production),
        number(one.arm),
        better,
        str(one.items),
    )
