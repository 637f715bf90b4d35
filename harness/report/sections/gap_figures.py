"""Pictures of gaps: each with its interval and seeds, in-domain against out-of-domain, and from one to the other."""

from collections.abc import Iterator, Sequence

from harness.declarations.metrics import metric
from harness.report.document import Figure, Number, Point, Table
from harness.report.sections.gaps import gap_cell
from harness.verdict.estimates import IntervalEstimate
from harness.verdict.records import PersistenceComparison, Verdicts
from harness.verdict.wording import Scale


def forest(verdicts: Verdicts) -> Iterator[Figure]:
    """Yield the gaps in and out of domain with their intervals, margins and seeds; nothing where there are none."""
    rows = [*_inside(verdicts), *_outside(verdicts)]
    if not rows:
        return
    name = _metric(verdicts)
    yield Figure(
        name="forest",
        kind="forest",
        title=f"Gap to {verdicts.reference}, with {100 * verdicts.level:.4g}% intervals and a dot a seed",
        alt=(
            f"For each suite and recipe the gap to {verdicts.reference} with its interval, beside a band of the "
            "smallest effect of interest around nothing; the numbers are in the table below."
        ),
        data={
            "gaps": tuple(_gap_point(*row, name) for row in rows),
            "seeds": tuple(_seed_points(verdicts)),
            "margins": tuple(_margins(verdicts)),
        },
        axes={"x": f"gap in {Scale(name).unit} (right: {verdicts.reference} is better)", "y": ""},
        table=Table(
            title=f"Gaps to {verdicts.reference} in {Scale(name).unit}",
            headers=("suite", "recipe", "gap [interval]"),
            rows=tuple((suite, recipe, gap_cell(gap, name)) for suite, recipe, gap in rows),
        ),
    )


def plane(verdicts: Verdicts) -> Iterator[Figure]:
    """Yield the in-domain gap against the out-of-domain gap, above the regions in which a rule gives its verdict."""
    shown = _with_gaps(verdicts)
    if not shown:
        return
    name = _metric(verdicts)
    unit = Scale(name).unit
    yield Figure(
        name="plane",
        kind="plane",
        title="In-domain gap against out-of-domain gap",
        alt=(
            "Each recipe's gap in-domain and out-of-domain with the intervals of both, over the regions of the rule: "
            "no gap to follow, vanished, reversed, smaller and larger; the numbers are in the table below."
        ),
        data={
            "points": tuple(_plane_point(one) for one in shown),
            "rule": tuple(_rule(verdicts, one) for one in _one_a_suite(shown)),
        },
        axes={"x": f"gap in-domain, {unit}", "y": f"gap out-of-domain, {unit}"},
        table=Table(
            title=f"Gaps in and out of domain in {unit}",
            headers=("recipe", "suites", "gap in", "gap out", "verdict"),
            rows=tuple(
                (
                    one.candidate,
                    one.place,
                    gap_cell(one.gap_in, name),
                    gap_cell(one.gap_out, name),
                    one.verdict,
                )
                for one in shown
            ),
        ),
    )


def slopes(verdicts: Verdicts) -> Iterator[Figure]:
    """Yield a line a seed from the in-domain gap to the out-of-domain one."""
    shown = [one for one in _with_gaps(verdicts) if any(each.gap_out is not None for each in one.per_seed)]
    if not shown:
        return
    name = _metric(verdicts)
    times, unit = Scale(name).times, Scale(name).unit
    points = [(one, each) for one in shown for each in one.per_seed if each.gap_out is not None]
    yield Figure(
        name="slopes",
        kind="slopes",
        title="From the in-domain gap to the out-of-domain gap, a line a seed",
        alt="A line a seed from the in-domain gap to the out-of-domain gap of each recipe; numbers in the table below.",
        data={
            "ends": tuple(
                {
                    "recipe": one.candidate,
                    "suites": one.place,
                    "seed": str(each.seed if each.seed is not None else place),
                    "where": where,
                    "gap": None if gap is None else gap * times,
                }
                for place, (one, each) in enumerate(points)
                for where, gap in (("in", each.gap_in), ("out", each.gap_out))
            )
        },
        axes={"x": "", "y": f"gap to {verdicts.reference}, {unit}"},
        table=Table(
            title=f"Gaps of each seed in {unit}",
            headers=("recipe", "suites", "seed", "in-domain", "out-of-domain"),
            rows=tuple(
                (
                    one.candidate,
                    one.place,
                    "" if each.seed is None else str(each.seed),
                    _number(each.gap_in, name),
                    None if each.gap_out is None else _number(each.gap_out, name),
                )
                for one, each in points
            ),
        ),
    )


def _number(value: float, name: str) -> Number:
    form = "{:.1f}" if metric(name).points else "{:.3g}"
    return Number(value=value, form=form, unit=Scale(name).unit, times=Scale(name).times)


def _metric(verdicts: Verdicts) -> str:
    """Return the metric of gaps, which in-domain and out-of-domain suites share."""
    return verdicts.primary[0].metric


def _with_gaps(verdicts: Verdicts) -> Sequence[PersistenceComparison]:
    return [one for one in verdicts.comparisons if one.gap_in is not None and one.gap_out is not None]


def _one_a_suite(shown: Sequence[PersistenceComparison]) -> Sequence[PersistenceComparison]:
    return list({one.place: one for one in shown}.values())


def _inside(verdicts: Verdicts) -> Iterator[tuple[str, str, IntervalEstimate]]:
    for one in verdicts.in_domain:
        if one.gap is not None:
            yield f"{one.task} (in)", one.candidate, one.gap


def _outside(verdicts: Verdicts) -> Iterator[tuple[str, str, IntervalEstimate]]:
    found = {(f"{one.out_of_domain} (out)", one.candidate): one.gap_out for one in verdicts.comparisons}
    for suite in dict.fromkeys(suite for suite, _ in found):
        yield from ((suite, name, gap) for (where, name), gap in found.items() if where == suite and gap is not None)


def _gap_point(suite: str, recipe: str, gap: IntervalEstimate, name: str) -> Point:
    times, (low, high) = Scale(name).times, gap.interval
    return {"suite": suite, "recipe": recipe, "gap": gap.estimate * times, "low": low * times, "high": high * times}


def _seed_points(verdicts: Verdicts) -> Iterator[Point]:
    """Yield each seed's gap on each suite once: an in-domain suite is compared with several out-of-domain ones."""
    found: dict[tuple[str, str, str], float] = {}
    for one in verdicts.comparisons:
        times = Scale(one.metric).times
        for place, each in enumerate(one.per_seed):
            seed = str(each.seed if each.seed is not None else place)
            found[f"{one.in_domain} (in)", one.candidate, seed] = each.gap_in * times
            if each.gap_out is not None:
                found[f"{one.out_of_domain} (out)", one.candidate, seed] = each.gap_out * times
    for (suite, recipe, seed), gap in found.items():
        yield {"suite": suite, "recipe": recipe, "seed": seed, "gap": gap}


def _margins(verdicts: Verdicts) -> Iterator[Point]:
    found = {f"{one.task} (in)": one.sesoi * Scale(one.metric).times for one in verdicts.in_domain}
    found |= {f"{one.out_of_domain} (out)": one.sesoi_out * Scale(one.metric).times for one in verdicts.comparisons}
    for suite, sesoi in found.items():
        yield {"suite": suite, "low": -sesoi, "high": sesoi}


def _plane_point(one: PersistenceComparison) -> Point:
    assert one.gap_in is not None
    assert one.gap_out is not None
    times = Scale(one.metric).times
    (low_in, high_in), (low_out, high_out) = one.gap_in.interval, one.gap_out.interval
    return {
        "recipe": one.candidate,
        "suites": one.place,
        "in": one.gap_in.estimate * times,
        "out": one.gap_out.estimate * times,
        "low_in": low_in * times,
        "high_in": high_in * times,
        "low_out": low_out * times,
        "high_out": high_out * times,
    }


def _rule(verdicts: Verdicts, one: PersistenceComparison) -> Point:
    times = Scale(one.metric).times
    return {
        "suites": one.place,
        "margin_in": one.sesoi_in * times,
        "margin_out": one.sesoi_out * times,
        "retention": verdicts.retention,
    }
