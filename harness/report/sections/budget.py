"""Where the noise is, and which seeds with how many items would be enough."""

from collections.abc import Iterator

from harness.report.document import Block, Cell, Figure, Number, Point, Table
from harness.verdict.estimates import NeedOfLabel
from harness.verdict.records import PersistenceComparison, Verdicts

_PARTS = ("seed", "item", "residual")
_CONTRASTS = {"gap_in": "gap in", "gap_out": "gap out", "delta": "change"}


def variance_table(verdicts: Verdicts) -> Iterator[Table]:
    """Yield a row a gap with the variance of its estimate by where it comes from; nothing where none was estimated."""
    rows: list[tuple[Cell, ...]] = [
        (
            one.candidate,
            f"{one.in_domain} → {one.out_of_domain}",
            name,
            *(Number(value=one.variance[contrast].get(part, 0.0), form="{:.3g}") for part in _PARTS),
        )
        for one in verdicts.comparisons
        for contrast, name in _CONTRASTS.items()
        if contrast in one.variance
    ]
    if rows:
        yield Table(
            title=(
                "Variance of each gap by its source, in the metric's unit squared: of one seed, of the items as they "
                "are, of what is left a seed"
            ),
            headers=("recipe", "suites", "contrast", "seed", "items", "rest"),
            rows=tuple(rows),
        )


def frontiers(verdicts: Verdicts) -> Iterator[Block]:
    """Yield for each open verdict with how many seeds and items its labels would be shown four times in five."""
    for place, one in enumerate(verdicts.comparisons, 1):
        points = tuple(_frontier_points(one))
        if one.need is not None and points:
            yield Figure(
                name=f"seeds-and-items-{place}",
                kind="frontier",
                title=f"Seeds and items that would be enough: {one.candidate}, {one.in_domain} → {one.out_of_domain}",
                alt=(
                    "With how many seeds and how many times the present items each verdict would be shown four times "
                    "in five, if the truth is as estimated; above and to the right of a line is enough."
                ),
                data={"enough": points, "now": ({"seeds": float(one.need.seeds), "items": 1.0},)},
                axes={"x": "seeds", "y": "times the present items"},
                table=_frontier_table(one),
            )


def _frontier_points(one: PersistenceComparison) -> Iterator[Point]:
    for each in one.need.labels if one.need else ():
        for mix in each.enough:
            yield {"label": each.label, "seeds": float(mix.seeds), "items": mix.items}


def _frontier_table(one: PersistenceComparison) -> Table:
    labels: tuple[NeedOfLabel, ...] = one.need.labels if one.need else ()
    return Table(
        title="Enough seeds with as many times the present items, if the truth is as estimated",
        headers=("verdict", "seeds", "times the items"),
        rows=tuple(
            (each.label, str(mix.seeds), Number(value=mix.items, form="{:.3g}"))
            for each in labels
            for mix in each.enough
        ),
    )
