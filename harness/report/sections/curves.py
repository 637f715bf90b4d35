"""Training curves: the loss of each step, and the loss on held-out rows where a run took it on its way."""

from collections.abc import Iterator, Sequence

from harness.ledger import Outcome
from harness.ledger.outcomes import trained
from harness.records import CellResult
from harness.report.document import Figure, Number, Point, Table

POINTS = 120
"""As many steps of a cell are drawn at most; of more, every second, third …"""


def curves(outcomes: Sequence[Outcome]) -> Iterator[Figure]:
    """Yield a line a cell; nothing where nothing was trained."""
    results = trained(outcomes)
    if not any(each.training.losses for each in results):
        return
    apart = max(_apart(len(each.training.losses)) for each in results)
    thinned = f"; every {apart}th step is drawn" if apart > 1 else ""
    yield Figure(
        name="curves",
        kind="curves",
        title=f"Training loss by step, a thin line a seed; held-out loss with dots where it was taken{thinned}",
        alt="The loss of every cell by training step, by recipe; first and last losses are in the table below.",
        data={
            "training": tuple(point for each in results for point in _training(each)),
            "held out": tuple(point for each in results for point in _held_out(each)),
        },
        axes={"x": "step", "y": "loss, nats a token"},
        table=Table(
            title="Loss in nats a token at the first and last step, and on held-out rows",
            headers=("recipe", "seed", "steps", "first", "last", "held out"),
            rows=tuple(map(_row, results)),
        ),
    )


def _apart(steps: int) -> int:
    return -(-steps // POINTS)


def _training(each: CellResult) -> Iterator[Point]:
    losses = each.training.losses
    apart = _apart(len(losses)) or 1
    for step, loss in enumerate(losses, 1):
        if step % apart == 0 or step in {1, len(losses)}:
            yield {"recipe": each.cell.recipe, "seed": str(each.cell.seed), "step": step, "loss": loss}


def _held_out(each: CellResult) -> Iterator[Point]:
    for step, loss in each.training.validation_losses:
        yield {"recipe": each.cell.recipe, "seed": str(each.cell.seed), "step": step, "loss": loss}


def _row(each: CellResult) -> tuple[str, str, Number, Number | None, Number | None, Number | None]:
    training = each.training
    held_out = training.held_out.loss if training.held_out else training.validation_loss
    return (
        each.cell.recipe,
        str(each.cell.seed),
        Number(value=training.steps, form="{:,.0f}"),
        _loss(training.losses[0] if training.losses else None),
        _loss(training.losses[-1] if training.losses else None),
        _loss(held_out),
    )


def _loss(value: float | None) -> Number | None:
    return None if value is None else Number(value=value, form="{:.4f}", unit="nats a token")
