"""How alike the directions are along which two trainings changed a weight, from the vectors that each cell stored."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations

import torch
from safetensors.torch import load_file
from torch import Tensor

from harness.codec import encode
from harness.diagnostics._base import StoredCell
from harness.measured import Alike, Likeness
from harness.records import Measurement

NEGLIGIBLE = 1e-6
"""A direction whose singular value is below this share of the largest is none: it is rounding's."""


def between(cells: Sequence[StoredCell], name: str) -> dict[str, Measurement]:
    """Return the likeness of seeds of a recipe and of recipes with one seed, from arrays of the diagnostic `name`."""
    arrays = {cell.folder.name: _read(cell, name) for cell in cells}
    pairs: dict[str, list[Alike]] = {"seeds": [], "recipes": []}
    for one, other in combinations(cells, 2):
        kind = _kind(one, other)
        if kind is not None:
            pairs[kind] += _alike(one.folder.name, other.folder.name, arrays)
    measured = [_measured(f"{name}_between_{kind}", found) for kind, found in pairs.items() if found]
    return {each.name: each for each in measured}


def cosines(one: Tensor, other: Tensor) -> Tensor:
    """Return the cosines of the principal angles between the spans of two orthonormal bases, each (features, n)."""
    return torch.linalg.svdvals(one.double().T @ other.double()).clamp(max=1.0)


def _kind(one: StoredCell, other: StoredCell) -> str | None:
    first, second = one.result.cell, other.result.cell
    if first.recipe == second.recipe:
        return "seeds"
    return "recipes" if first.seed == second.seed else None


def _read(cell: StoredCell, name: str) -> dict[str, Tensor]:
    found = cell.result.training.measurements.get(name)
    return {} if found is None or found.arrays is None else load_file(cell.folder / found.arrays)


def _alike(one: str, other: str, arrays: Mapping[str, Mapping[str, Tensor]]) -> Iterator[Alike]:
    """Yield the likeness; nothing where no module was changed by both."""
    mine, theirs = arrays[one], arrays[other]
    modules = [key.removesuffix(".values") for key in mine if key.endswith(".values") and key in theirs]
    found = [each for each in (_of_module(module, mine, theirs) for module in modules) if each is not None]
    if found:
        left, right, overlap, by_chance = (sum(each) / len(found) for each in zip(*found, strict=True))
        yield Alike(
            cells=(one, other), modules=len(found), left=left, right=right, overlap=overlap, by_chance=by_chance
        )


def _of_module(
    module: str, mine: Mapping[str, Tensor], theirs: Mapping[str, Tensor]
) -> tuple[float, float, float, float] | None:
    count = min(_directions(module, mine), _directions(module, theirs))
    if not count:
        return None
    names = [f"{module}.{side}" for side in ("left", "right")]
    sides = [cosines(mine[name][:, :count], theirs[name][:, :count]) for name in names]
    widths = [len(mine[name]) for name in names]
    overlap = sum(float(each.square().mean()) for each in sides) / len(sides)
    by_chance = sum(min(1.0, count / width) for width in widths) / len(widths)
    return float(sides[0].mean()), float(sides[1].mean()), overlap, by_chance


def _directions(module: str, arrays: Mapping[str, Tensor]) -> int:
    values, kept = arrays[f"{module}.values"], arrays[f"{module}.left"].shape[1]
    return min(int((values > NEGLIGIBLE * values.max()).sum()), kept) if len(values) and values.max() > 0 else 0


def _measured(name: str, found: Sequence[Alike]) -> Measurement:
    """Return all pairs, with the mean cosine of both sides over them as the one number."""
    likeness = Likeness(pairs=tuple(found))
    value = (likeness.mean("left") + likeness.mean("right")) / 2
    return Measurement(name=name, value=value, details=encode(likeness))
