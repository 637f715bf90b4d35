"""The loss on held-out rows in a table: each recipe's, and its distance from the reference's."""

from collections.abc import Iterator, Sequence

from harness.compare.held_out import HeldOutGap, HeldOutLoss
from harness.report.document import Cell, Interval, Number, Table

UNIT = "nats a token"


def held_out_table(losses: Sequence[HeldOutLoss], reference: str, alpha: float) -> Iterator[Table]:
    """Yield the table; nothing where no cell has such a loss."""
    if not losses:
        return
    yield Table(
        title=(
            f"Held-out loss in {UNIT} on {losses[0].rows:,} rows that were not trained on: mean over seeds, and minus "
            f"{reference}'s with its {1 - alpha:.4g} interval over new seeds and new rows"
        ),
        headers=("recipe", "loss", (f"minus {reference}'s", "[interval]")),
        rows=tuple((each.recipe, _loss(each), _gap(each, reference)) for each in losses),
    )


def _loss(each: HeldOutLoss) -> Cell:
    return Number(value=each.loss.mean, sd=each.loss.sd, form="{:.4f}", unit=UNIT)


def _gap(each: HeldOutLoss, reference: str) -> Cell:
    if each.gap is None:
        return "reference" if each.recipe == reference else "not paired"
    return _interval(each.gap)


def _interval(gap: HeldOutGap) -> Interval:
    low, high = gap.interval
    return Interval(estimate=gap.estimate, low=low, high=high, form="{:+.4f}", unit=UNIT)
