"""What a recipe may do to the training rows before it trains on them: a file a transform, behind one contract."""

from collections.abc import Mapping, Sequence

from harness.sources.data import Row
from harness.spec.records import Transform
from harness.transforms._base import ORIGIN, Losses, RowTransform, origins
from harness.transforms.fraction import Fraction
from harness.transforms.least_confident import LeastConfident
from harness.transforms.noise import Noise
from harness.transforms.synonyms import Synonyms
from harness.transforms.templates import Templates
from harness.transforms.words import DeleteWords, SwapWords

__all__ = ["ALL", "ORIGIN", "Losses", "RowTransform", "cleaned", "count_left", "origins", "reads_losses", "transformed"]

ALL: Sequence[RowTransform] = (
    Fraction(),
    Noise(),
    Templates(),
    Synonyms(),
    SwapWords(),
    DeleteWords(),
    LeastConfident(),
)
"""Every transform, in the order in which those that a recipe declares are applied; those that read losses are last."""

Declared = Mapping[str, Transform]


def transformed(rows: Sequence[Row], declared: Declared) -> list[Row]:
    """Return the rows as those declared transforms leave them that take no model, one applied after the other.

    Raises `TaskError` where the rows do not allow one.
    """
    for each in ALL:
        if each.name in declared and not each.reads_losses:
            rows = each.apply(rows, declared[each.name])
    return list(rows)


def cleaned(rows: Sequence[Row], declared: Declared, losses: Losses) -> list[Row]:
    """Return `transformed` rows as the declared transforms leave them that read the base's losses. Raises alike."""
    for each in ALL:
        if each.name in declared and each.reads_losses:
            rows = each.apply(rows, declared[each.name], losses)
    return list(rows)


def reads_losses(declared: Declared) -> bool:
    """Tell whether a declared transform has to be told what rows cost the base."""
    return any(each.reads_losses for each in ALL if each.name in declared)


def count_left(total: int, declared: Declared) -> int:
    """Return how many of `transformed` rows will train."""
    for each in ALL:
        if each.name in declared and each.reads_losses:
            total = each.left(total, declared[each.name])
    return total
