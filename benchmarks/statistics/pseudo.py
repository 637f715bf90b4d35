"""Coverage of gaps in scores that are no mean over items, through pseudo-values of items or clusters.

Three scores stand for the kinds: F1 (a ratio of counts), a corpus score like BLEU (the geometric mean of two
precisions, times a brevity penalty) and the area under the ROC curve (of pairs of items). The truth is the mean over
4,000 new seeds of the score over 5,000 new items, new ones for every fifty seeds.
"""

import itertools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import ndtr

from benchmarks.statistics.run import COVERAGE_BAR, Bar, Block, Run, table
from harness.statistics.aggregates import binary_f1
from harness.statistics.contrast import contrast
from harness.statistics.moments import moments
from harness.statistics.pseudo import Additive, Corpus, Ranking, pseudo_values

TAIL = 0.025
CLUSTER_SIZE = 10
LEVELS = (0.9, 0.6)
"""How well reference and candidate do, on the latent scale."""
SEED_SD, ITEM_SD, ARM_ITEM_SD = 0.08, 1.0, 0.4
TRUE_SEEDS, TRUE_ITEMS = 4000, 5000
_VALUES_AT_ONCE = 400_000

Size = tuple[int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """The largest of the sizes that share draws; with clusters, half of the items' variance is common to ten items."""

    kind: str
    seeds: int
    items: int
    clustered: bool

    @property
    def units(self) -> np.ndarray:
        """The unit of each item."""
        return np.arange(self.items) // (CLUSTER_SIZE if self.clustered else 1)


def part(run: Run) -> Iterator[Block]:
    """Yield coverage in every cell and the bar."""
    seeds, items = run.choice((3, 5, 10), (3,)), run.choice((100, 500), (100,))
    sizes, rows = list(itertools.product(seeds, items)), []
    for kind in KINDS:
        truth = true_gap(kind, run.stream("pseudo-truth", kind))
        for clustered in (False, True):
            cell = Cell(kind=kind, seeds=max(seeds), items=max(items), clustered=clustered)
            found = coverages(cell, truth, sizes, run.replicates, run.stream("pseudo", cell))
            rows += [[kind, clustered, *size, truth, held] for size, held in found.items()]
    yield table(rows, ["score", "clusters", "seeds", "items", "true gap", "covered"])
    yield Bar(
        what="coverage by pseudo-values",
        value=min(row[-1] for row in rows),
        limit=COVERAGE_BAR,
        replicates=run.replicates,
        cells=len(rows),
        above=True,
    )


def true_gap(kind: str, rng: np.random.Generator) -> float:
    """Return the gap over new seeds and items, to about 0.0003."""
    gaps = []
    for _ in range(TRUE_SEEDS // 50):
        cell = Cell(kind=kind, seeds=50, items=TRUE_ITEMS, clustered=False)
        first, second = (np.array([each.score() for each in KINDS[kind](*arm, rng)]) for arm in _models(cell, 1, rng))
        gaps.append(first.mean() - second.mean())
    return float(np.mean(gaps))


def coverages(
    cell: Cell, truth: float, sizes: Sequence[Size], replicates: int, rng: np.random.Generator
) -> dict[Size, float]:
    """Return how often the 95% interval of the gap holds the truth, at each (seeds, items) of the same draws."""
    chunk = max(1, _VALUES_AT_ONCE // (cell.seeds * cell.items))
    held: dict[Size, int] = dict.fromkeys(sizes, 0)
    for start in range(0, replicates, chunk):
        count = min(chunk, replicates - start)
        arms = [KINDS[cell.kind](*arm, rng) for arm in _models(cell, count, rng)]
        for items in {size[1] for size in sizes}:
            units = cell.units[:items]
            first, second = (_pseudo([_first(run, items) for run in arm], units, count) for arm in arms)
            for size in sizes:
                if size[1] == items:
                    held[size] += _held((first - second)[:, : size[0]], truth)
    return {size: count / replicates for size, count in held.items()}


def _held(differences: np.ndarray, truth: float) -> int:
    low, high = contrast((moments(differences),), (1.0,)).interval(TAIL)
    return int(np.sum((low <= truth) & (truth <= high)))


def _first(run: Corpus, items: int) -> Corpus:
    if isinstance(run, Additive):
        return Additive(run.parts[..., :items, :], run.of_sums)
    return Ranking(run.positive[:items], run.values[:items])


def _pseudo(runs: Sequence[Corpus], units: np.ndarray, count: int) -> np.ndarray:
    found = np.concatenate([np.atleast_2d(pseudo_values(run, units)) for run in runs], axis=0)
    return found.reshape(count, len(found) // count, -1)


def _models(cell: Cell, count: int, rng: np.random.Generator) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """Yield the reference's and the candidate's skill, (count·seeds, items), with what is true of the items."""
    shape = (count, 1, cell.items)
    own = rng.standard_normal(shape)
    units = rng.standard_normal((count, 1, int(cell.units.max()) + 1))[..., cell.units]
    item = np.sqrt(0.5) * (own + units) if cell.clustered else own
    truth = np.broadcast_to(rng.random(shape) < 0.4, (count, cell.seeds, cell.items))
    length = np.broadcast_to(rng.integers(5, 25, size=shape), truth.shape)
    shared = rng.standard_normal((count, cell.seeds, 1))
    for level in LEVELS:
        seeds = SEED_SD * np.sqrt(0.5) * (shared + rng.standard_normal(shared.shape))
        skill = level + ITEM_SD * item + ARM_ITEM_SD * rng.standard_normal(shape) + seeds
        yield tuple(each.reshape(-1, cell.items) for each in (skill, truth, length))


def _f1(skill: np.ndarray, truth: np.ndarray, _length: np.ndarray, rng: np.random.Generator) -> Sequence[Corpus]:
    given = np.where(skill + rng.standard_normal(skill.shape) > 0, truth, ~truth)
    return [Additive(np.eye(4)[2 * truth + given], binary_f1)]


def _corpus(skill: np.ndarray, _truth: np.ndarray, length: np.ndarray, rng: np.random.Generator) -> Sequence[Corpus]:
    written = np.maximum(2, length - rng.poisson(np.exp(-skill / 2)))
    words = rng.binomial(written, 0.9 * ndtr(skill))
    pairs = rng.binomial(words, 0.5 * ndtr(skill))
    return [Additive(np.stack([words, pairs, written, length], axis=-1).astype(float), _bleu)]


def _bleu(sums: np.ndarray) -> np.ndarray:
    words, pairs, written, length = np.moveaxis(sums, -1, 0)
    return np.sqrt((words / written) * (pairs / written)) * np.minimum(1.0, np.exp(1 - length / written))


def _auc(skill: np.ndarray, truth: np.ndarray, _length: np.ndarray, rng: np.random.Generator) -> Sequence[Corpus]:
    values = np.where(truth, 1.0, -1.0) * skill / 2 + rng.standard_normal(skill.shape)
    return [Ranking(*row) for row in zip(truth, values, strict=True)]


KINDS: dict[str, Callable[[np.ndarray, np.ndarray, np.ndarray, np.random.Generator], Sequence[Corpus]]] = {
    "F1": _f1,
    "corpus": _corpus,
    "AUC": _auc,
}
