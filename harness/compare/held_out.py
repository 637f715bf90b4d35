"""The loss of recipes' finished weights on rows that were not trained on, and its distance from the reference's."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from harness.compare.summaries import MeanAndSD, results_of
from harness.ledger import Outcome
from harness.records import CellResult
from harness.spec.records import Experiment
from harness.statistics.contrast import contrast
from harness.statistics.moments import moments
from harness.trained import HeldOut


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldOutGap:
    """A recipe's loss minus the reference's, paired by seed and row, with its interval over new seeds and new rows."""

    estimate: float
    interval: tuple[float, float]
    seeds: int


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldOutLoss:
    """A recipe's held-out loss in nats a completion token, over the seeds that have it.

    `gap` is None for the reference, and where nothing pairs: another recipe's `max_length` left other rows.
    """

    recipe: str
    loss: MeanAndSD
    rows: int
    seeds: int
    gap: HeldOutGap | None


def held_out_losses(experiment: Experiment, outcomes: Sequence[Outcome]) -> tuple[HeldOutLoss, ...]:
    """Return the loss of each recipe that has one, in the order of the spec; nothing where the spec asks for none.

    The intervals are each at the spec's alpha: they accompany the comparison of scores and are no part of its verdict.
    """
    reference = _by_seed(results_of(outcomes, experiment.comparison.reference))
    found = []
    for recipe in (each.id for each in experiment.recipes):
        losses = _by_seed(results_of(outcomes, recipe))
        if losses:
            is_reference = recipe == experiment.comparison.reference
            found.append(
                HeldOutLoss(
                    recipe=recipe,
                    loss=MeanAndSD.of([each.loss for each in losses.values()]),
                    rows=len(next(iter(losses.values())).nats),
                    seeds=len(losses),
                    gap=None if is_reference else _gap(losses, reference, experiment.comparison.alpha),
                )
            )
    return tuple(found)


def _by_seed(results: Sequence[CellResult]) -> dict[int | None, HeldOut]:
    trained = [each for each in results if each.train_info is not None]
    return {each.cell.seed: each.training.held_out for each in trained if each.training.held_out is not None}


def _gap(candidate: dict[int | None, HeldOut], reference: dict[int | None, HeldOut], alpha: float) -> HeldOutGap | None:
    """Pair by seed and row; a row's part of the loss is its nats over the mean number of tokens a row."""
    seeds = [seed for seed in candidate if seed in reference]
    pairs = [(candidate[seed], reference[seed]) for seed in seeds]
    tokens = {side.tokens for pair in pairs for side in pair}
    if len(tokens) != 1 or len(next(iter(tokens))) < 2:  # noqa: PLR2004 - a variance over rows takes two
        return None
    a_row = np.mean(next(iter(tokens)))
    differences = np.array([np.subtract(ours.nats, theirs.nats) for ours, theirs in pairs]) / a_row
    found = contrast([moments(differences)], [1.0])
    low, high = found.interval(alpha / 2)
    return HeldOutGap(estimate=float(found.estimate), interval=(float(low), float(high)), seeds=len(seeds))
