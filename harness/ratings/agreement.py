"""How far raters agree: Krippendorff's alpha of each mark, by the package `krippendorff` (the extra `ratings`)."""

from collections.abc import Sequence
from dataclasses import dataclass
from importlib import import_module
from types import ModuleType

import numpy as np
import numpy.typing as npt

from harness.errors import MissingExtraError
from harness.extras import install_command
from harness.ratings.marks import MARKS, Mark, Scale
from harness.ratings.returned import Rater

_PAIRABLE = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreement:
    """Alpha of one mark over what two raters or more have marked: `units` answers, or pairs where `of_pairs`.

    1 is perfect agreement, 0 that of chance. `alpha` is None where there is none, and `note` says why (Krippendorff
    2018, chapter 12).
    """

    mark: str
    scale: Scale
    alpha: float | None
    units: int
    of_pairs: bool
    note: str = ""


def package() -> ModuleType:
    """Return the package that computes alpha. Raises `MissingExtraError` where it is not installed."""
    try:
        return import_module("krippendorff")
    except ImportError as error:
        raise MissingExtraError(
            "ratings take krippendorff, which says how far raters agree and is not installed: "
            f"`{install_command('ratings')}` brings it."
        ) from error


def agreement(raters: Sequence[Rater], pairs: Sequence[str]) -> tuple[Agreement, ...]:
    """Return the agreement in each mark.

    Preferences are taken as they were shown, side A or B: recipes have no part.

    Raises `MissingExtraError` where the extra `ratings` is not installed.
    """
    return tuple(_agreement(mark, raters, pairs) for mark in MARKS)


def _agreement(mark: Mark, raters: Sequence[Rater], pairs: Sequence[str]) -> Agreement:
    data = np.array([_marks(mark, rater, pairs) for rater in raters])
    pairable = np.isfinite(data).sum(axis=0) >= _PAIRABLE
    units = int(pairable.sum())
    alpha, note = None, ""
    if not units:
        note = "nothing was marked by two raters"
    elif len(np.unique(data[:, pairable][np.isfinite(data[:, pairable])])) == 1:
        note = "all marks are the same: without variation there is no agreement to measure"
    else:
        alpha = float(package().alpha(reliability_data=data, level_of_measurement=mark.scale))
    return Agreement(mark=mark.name, scale=mark.scale, alpha=alpha, units=units, of_pairs=mark.of_pair, note=note)


def _marks(mark: Mark, rater: Rater, pairs: Sequence[str]) -> npt.NDArray[np.float64]:
    """Return a rater's marks, a column a unit, NaN where there is none."""
    found = [rater.marks.get(pair, {}).get(column, np.nan) for pair in pairs for column in mark.columns]
    return np.array(found, dtype=float)
