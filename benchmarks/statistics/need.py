"""Whether a plan keeps its promise: a verdict, four times in five, if the truth is as estimated.

A pilot of normal differences D[s, i] = gap + seed + item + noise in two domains is judged, and what it would take is
asked of the comparator's own code, a training being as dear as scoring the pilot's items. Then the pilot's estimates,
gaps and variances, become the truth, and runs of the size that the plan asks for are drawn and judged.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from benchmarks.statistics.run import Bar, Block, Run, points, table
from harness.statistics.moments import Moments, moments
from harness.statistics.planning import POWER
from harness.verdict.estimates import SeedsAndItems
from harness.verdict.pointed import PARTIAL, goals
from harness.verdict.price import ALIKE, Plan, cheapest, plans
from harness.verdict.required_sample import need_of
from harness.verdict.rules import Contrasts, Label, Margins, conditions, label, labels

RETENTION = 0.5
SESOI = 0.02
TAIL = 0.025 / 2
"""Two comparisons."""
BETWEEN_DOMAINS = 0.5
AGAIN = 100
"""Runs that are drawn for each pilot."""
_VALUES_AT_ONCE = 2_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Truth:
    """Gaps in and out, the covariance of the seeds' effects on them, and the SDs of items and noise, (domains,)."""

    gaps: np.ndarray
    seeds: np.ndarray
    item_sds: np.ndarray
    noise_sds: np.ndarray

    def draw(self, count: int, seeds: int, items: int, rng: np.random.Generator) -> list[Moments]:
        """Return the in-domain and the out-of-domain moments of so many runs."""
        values, vectors = np.linalg.eigh(self.seeds)
        root = vectors * np.sqrt(np.maximum(0.0, values))
        effects = rng.standard_normal((count, seeds, 2)) @ root.T
        found = []
        for d in range(2):
            differences = self.noise_sds[d] * rng.standard_normal((count, seeds, items))
            differences += self.item_sds[d] * rng.standard_normal((count, 1, items))
            differences += self.gaps[d] + effects[..., d][..., None]
            found.append(moments(differences))
        return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """A true pilot: standard deviations of a paired difference, and so many times its items to be had."""

    gaps: tuple[float, float]
    seed_sd: float
    item_sd: float = 0.3
    noise_sd: float = 0.2
    seeds: int = 3
    items: int = 100
    most: float = 10.0

    @property
    def truth(self) -> Truth:
        correlation = np.array([[1.0, BETWEEN_DOMAINS], [BETWEEN_DOMAINS, 1.0]])
        return Truth(
            gaps=np.array(self.gaps),
            seeds=self.seed_sd**2 * correlation,
            item_sds=np.full(2, self.item_sd),
            noise_sds=np.full(2, self.noise_sd),
        )


CELLS = (
    Cell(gaps=(0.15, 0.14), seed_sd=0.02),
    Cell(gaps=(0.15, 0.07), seed_sd=0.02),
    Cell(gaps=(0.15, -0.08), seed_sd=0.02),
    Cell(gaps=(0.15, 0.0), seed_sd=0.005, item_sd=0.1, noise_sd=0.1),
    Cell(gaps=(0.0, 0.0), seed_sd=0.005, item_sd=0.1, noise_sd=0.1),
    Cell(gaps=(0.0, 0.08), seed_sd=0.005, item_sd=0.1, noise_sd=0.1),
    Cell(gaps=(0.08, 0.08), seed_sd=0.02, item_sd=0.35, noise_sd=0.35, items=1000, most=1.5),
    Cell(gaps=(0.15, 0.14), seed_sd=0.02, seeds=5),
)


def part(run: Run) -> Iterator[Block]:
    """Yield, by pilot, how many have a plan and how often its promise is kept, for any verdict and a decisive one."""
    pilots = max(2, run.replicates // AGAIN)
    cells = CELLS[:2] if run.fast else CELLS
    rows, held = [], []
    for cell in cells:
        found = [_kept(cell, run.stream("need", cell, number)) for number in range(pilots)]
        kept = [np.mean([each[k] for each in found if each[k] is not None] or [np.nan]) for k in range(3)]
        planned = np.mean([each[0] is not None for each in found])
        held.append([(kept[0], planned), (kept[1], np.mean([each[1] is not None for each in found]))])
        rows.append([points(cell.gaps), cell.seeds, cell.items, cell.seed_sd, planned, *kept])
    yield table(
        rows,
        ["gap in→out, hundredths", "seeds", "items", "seed SD", "pilots with a plan", "a verdict", "decisive", "named"],
    )
    for place, what in enumerate(("a verdict", "a decisive one")):
        kept = [share for share, planned in (each[place] for each in held) if planned > 0]
        yield Bar(
            what=f"promise of {what}, kept",
            value=min(kept),
            limit=POWER,
            replicates=pilots * AGAIN,
            cells=len(kept),
            above=True,
        )


def _kept(cell: Cell, rng: np.random.Generator) -> tuple[float | None, float | None, float | None]:
    """Return for one pilot how often its cheapest plan gives a verdict, its cheapest decisive one a decisive verdict.

    The third is how often the latter gives the label that it was made for. None where there is no plan in reach.
    """
    inside, outside = (_single(each) for each in cell.truth.draw(1, cell.seeds, cell.items, rng))
    found = _plans(cell, inside, outside)
    any_one, decisive = cheapest(found, decisive=False), cheapest(found, decisive=True)
    truth = _as_estimated(inside, outside)
    first = None if any_one is None else _labels(truth, any_one, cell, rng)
    second = None if decisive is None else _labels(truth, decisive, cell, rng)
    unsettled = [Label.INCONCLUSIVE.value]
    partial = [each.value for each in PARTIAL]
    return (
        None if first is None else float(np.mean(~np.isin(first, unsettled))),
        None if second is None else float(np.mean(~np.isin(second, [*unsettled, *partial]))),
        None if second is None or decisive is None else float(np.mean(second == decisive.need.label)),
    )


def _plans(cell: Cell, inside: Moments, outside: Moments) -> tuple[Plan, ...]:
    margins, shown = Margins(SESOI, SESOI), Contrasts.of(outside, inside, RETENTION)
    met = conditions(shown, margins, TAIL)
    wanted = goals(label(met), shown, margins, met, (outside, inside), retention=RETENTION)
    items = {"in": cell.items, "out": cell.items}
    available = {task: round(cell.most * count) for task, count in items.items()}
    need = need_of(wanted, seeds=cell.seeds, items=items, available=available, tail=TAIL)
    return () if need is None else plans(need, ALIKE)


def _as_estimated(inside: Moments, outside: Moments) -> Truth:
    """Return the truth that the estimates of a pilot describe: each gap's variance between seeds, floored at 0, is its.

    The covariance is as estimated, as far as two such variances can have it.
    """
    pair = (inside, outside)
    residual = [max(0.0, float(each.column_variance - each.item_variance) * each.seeds) for each in pair]
    between = np.cov([each.row_means for each in pair])
    own = np.maximum(0.0, np.diag(between) - residual)
    shared = np.clip(between[0, 1], -np.sqrt(own.prod()), np.sqrt(own.prod()))
    return Truth(
        gaps=np.array([each.row_means.mean() for each in pair]),
        seeds=np.array([[own[0], shared], [shared, own[1]]]),
        item_sds=np.sqrt([each.items * float(each.item_variance) for each in pair]),
        noise_sds=np.sqrt([each.items * part for each, part in zip(pair, residual, strict=True)]),
    )


def _labels(truth: Truth, plan: Plan, cell: Cell, rng: np.random.Generator) -> np.ndarray:
    """Return the labels of runs as large as a plan asks for."""
    assert isinstance(plan.low, SeedsAndItems)
    seeds, items = plan.low.seeds, round(np.ceil(plan.low.items * cell.items))
    chunk = max(1, _VALUES_AT_ONCE // (seeds * items))
    found = []
    for start in range(0, AGAIN, chunk):
        inside, outside = truth.draw(min(chunk, AGAIN - start), seeds, items, rng)
        found.append(labels(conditions(Contrasts.of(outside, inside, RETENTION), Margins(SESOI, SESOI), TAIL)))
    return np.concatenate(found)


def _single(one: Moments) -> Moments:
    """Return the only replicate."""
    return Moments(row_means=one.row_means[0], total=one.total[0], trace=one.trace[0], units=one.units, items=one.items)
