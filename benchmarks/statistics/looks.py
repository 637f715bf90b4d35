"""Judging at declared looks: errors over all of them, the seeds that a run takes until it stops, what futility saves.

Errors are counted as if every look were taken, whatever it showed: no way of stopping can err more often. Seeds are
those of a run that stops as `harness run` does. Beside it stands what is not declared: judging at the same numbers of
seeds, each time at the full level.
"""

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields

import numpy as np

from benchmarks.statistics.effects import Effects, Reduced, first
from benchmarks.statistics.kinds import KINDS as SETTINGS
from benchmarks.statistics.nested import nested
from benchmarks.statistics.run import FAMILY_BAR, LABEL_BAR, WIDEST, Bar, Block, Run, points, table
from benchmarks.statistics.untrue import RETENTION, SESOI, Outcome, any_of, outcome, wrong
from harness.spec.looks import shares
from harness.statistics.moments import Moments
from harness.verdict.futility import FUTILE, label_chances
from harness.verdict.ranks import is_waited_for, replaces
from harness.verdict.rules import Contrasts, Label, Margins

LOOKS = ((3, 5), (3, 5, 8, 12))
SIZES = (3, 5, 8, 12)
TRUTHS = ((0.0, 0.02), (0.02, 0.0), (0.02, 0.02), (0.08, 0.0), (0.08, 0.04), (0.08, 0.06), (0.08, 0.08), (0.0, 0.0))
"""True gaps in and out where some label is just untrue, and where nothing is there."""
FAMILIES = ((0.08, 0.04, 0.04), (0.02, 0.0, 0.0), (0.0, 0.02, 0.02), (0.08, 0.08, 0.08))
CANDIDATES = 3
KINDS = ("0/1 scores", "continuous scores", "almost no noise", "seeds alone")
FAMILY_KINDS = ("0/1 scores", "almost no noise")
STOPPED = 2000
"""Replicates from which seeds until the stop are counted: a mean takes fewer than a rare error."""
SEEDS = ("seeds, settled", "without futility", "decisive", "have a verdict")

_NAMES = np.array([label.value for label in Label])
_REPLACES = np.array([[replaces(later, kept) for later in _NAMES] for kept in _NAMES])
_WAITED_FOR = {rule: np.array([is_waited_for(name, rule) for name in _NAMES]) for rule in ("settled", "decisive")}


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """One comparison over all looks: what stands after each, and whether more seeds are futile (`STOPPED` of them)."""

    truth: tuple[float, float]
    standing: tuple[Outcome, ...]
    futile: tuple[np.ndarray, ...]


def part(run: Run) -> Iterator[Block]:
    """Yield the errors of a single comparison by truth, with the seeds until the run stops."""
    rows = []
    for kind, truth in itertools.product(run.choice(KINDS, KINDS[:1]), run.choice(TRUTHS, TRUTHS[:2])):
        found = over_looks(world((truth,), kind), run)
        rows += [[kind, points(truth), *_single(each.declared, each.looks)] for each in found]
    yield table(rows, ["kind", "true gap in→out", "looks", "likeliest untrue label", "its rate", "any", *SEEDS])
    yield _bar("false rate of a label over all looks", rows, 4, LABEL_BAR, run)
    yield _bar("any untrue label over all looks, 1 comparison (1.5 alpha)", rows, 5, 3 * WIDEST, run)


def family_part(run: Run) -> Iterator[Block]:
    """Yield the same of three candidates on two out-of-domain suites that share the error rate."""
    rows = []
    for kind, gaps in itertools.product(run.choice(FAMILY_KINDS, FAMILY_KINDS[:1]), run.choice(FAMILIES, FAMILIES[:1])):
        found = over_looks(world((gaps,) * CANDIDATES, kind), run)
        rows += [[kind, points(gaps), *_family(each)] for each in found]
    yield table(rows, ["kind", "true gaps in→out→out, 3 candidates", "looks", "error", "undeclared", *SEEDS])
    yield _bar("family-wise error over all looks, 6 comparisons", rows, 3, FAMILY_BAR, run)


def world(gaps: tuple[tuple[float, ...], ...], kind: str) -> Effects:
    return Effects(gaps=gaps, seeds=max(SIZES), **SETTINGS[kind])


def _bar(what: str, rows: list[list[object]], column: int, limit: float, run: Run) -> Bar:
    worst = max(row[column] for row in rows)
    return Bar(what=what, value=worst, limit=limit, replicates=run.replicates, cells=len(rows))


@dataclass(frozen=True, slots=True, kw_only=True)
class Both:
    """Comparisons over all `looks`: as they are declared, and, of a family, at the full level each time."""

    looks: tuple[int, ...]
    declared: list[Compared]
    undeclared: list[Compared]


def over_looks(world: Effects, run: Run) -> Iterator[Both]:
    """Yield what stands after each set of looks."""
    drawn = nested(world, run.replicates, run.stream("looks", world), SIZES)
    pairs = len(world.gaps) * (world.domains - 1)
    for looks in LOOKS:
        moments = [drawn[seeds] for seeds in looks]
        declared = [WIDEST / pairs * share for share in shares(looks)]
        yield Both(
            looks=looks,
            declared=_compared(world, moments, declared, looks[-1]),
            undeclared=_compared(world, moments, [WIDEST / pairs] * len(looks)) if pairs > 1 else [],
        )


def _compared(
    world: Effects, moments: Sequence[Reduced], tails: Sequence[float], seeds: int | None = None
) -> list[Compared]:
    """Return the comparisons; with the number of `seeds` of the last look, where more of them are futile too."""
    found = []
    for place, gaps in enumerate(world.gaps):
        for domain, gap_out in enumerate(gaps[1:], 1):
            seen = [(each[place][0], each[place][domain]) for each in moments]
            stands = _standing([outcome(*pair, tail) for pair, tail in zip(seen, tails, strict=True)])
            few = [first([pair], STOPPED)[0] for pair in seen[:-1]] if seeds else []
            futile = tuple(_futile(*pair, tail=tails[-1], seeds=seeds) for pair in few)
            found.append(Compared(truth=(gaps[0], gap_out), standing=stands, futile=futile))
    return found


def _standing(looks: Sequence[Outcome]) -> tuple[Outcome, ...]:
    """Return what stands after each look, by the comparator's own rule."""
    kept = [looks[0]]
    for each in looks[1:]:
        new = _REPLACES[_codes(kept[-1]), _codes(each)]
        parts = {name.name: (getattr(kept[-1], name.name), getattr(each, name.name)) for name in fields(Outcome)}
        kept.append(Outcome(**{name: np.where(new, later, before) for name, (before, later) in parts.items()}))
    return tuple(kept)


def _codes(found: Outcome) -> np.ndarray:
    order = np.argsort(_NAMES)
    return order[np.searchsorted(_NAMES, found.label, sorter=order)]


def _futile(inside: Moments, outside: Moments, *, tail: float, seeds: int) -> np.ndarray:
    suites = (outside, inside)
    shown, margins = Contrasts.of(*suites, RETENTION), Margins(SESOI, SESOI)
    chances = label_chances(suites, shown, margins, RETENTION, tail=tail, seeds=seeds)
    return np.max(list(chances.values()), axis=0) < FUTILE


def _single(found: list[Compared], looks: Sequence[int]) -> list[object]:
    """Return a row: the statement that is wrong most often over the looks, any, seeds."""
    (one,) = found
    said: dict[object, np.ndarray] = {}
    for stands in one.standing:
        for statement, made in wrong(stands, one.truth):
            said[statement] = said.get(statement, False) | made
    rates = [(float(np.mean(made)), str(statement)) for statement, made in said.items()]
    rate, worst = max(rates, default=(0.0, "none"))
    return [_name(looks), worst, rate, error([one]), *seeds_used([one], looks)]


def _family(found: Both) -> list[object]:
    used = seeds_used(found.declared, found.looks)
    return [_name(found.looks), error(found.declared), error(found.undeclared), *used]


def error(comparisons: Sequence[Compared]) -> float:
    """Return how often anything untrue stands after any look."""
    return float(np.mean(np.logical_or.reduce([any_of(s, one.truth) for one in comparisons for s in one.standing])))


def seeds_used(comparisons: Sequence[Compared], looks: Sequence[int]) -> list[float]:
    """Return the mean seeds of a run that stops as declared, and how many comparisons have a verdict then."""
    settled, given = _stopped(comparisons, looks, "settled", futility=True)
    without, _ = _stopped(comparisons, looks, "settled", futility=False)
    decisive, _ = _stopped(comparisons, looks, "decisive", futility=True)
    return [settled, without, decisive, given]


def _stopped(
    comparisons: Sequence[Compared], looks: Sequence[int], stop_at: str, *, futility: bool
) -> tuple[float, float]:
    """Return the mean number of seeds at the stop and the share of comparisons that have a verdict."""
    count = min(STOPPED, len(comparisons[0].standing[0].label))
    used, running, verdicts = np.full(count, looks[-1]), np.ones(count, dtype=bool), np.zeros(count)
    for place, seeds in enumerate(looks):
        done = np.array([_WAITED_FOR[stop_at][_codes(one.standing[place])][:count] for one in comparisons])
        last = place == len(looks) - 1
        ends = done if last or not futility else done | np.array([one.futile[place] for one in comparisons])
        stops = running & (last | ends.all(axis=0))
        used[stops], verdicts[stops] = seeds, done.mean(axis=0)[stops]
        running &= ~stops
    return float(used.mean()), float(verdicts.mean())


def _name(looks: Sequence[int]) -> str:
    return ", ".join(map(str, looks))
