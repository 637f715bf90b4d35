"""Who is ahead seed by seed, in- and out-of-domain: described beside the verdicts, and nothing rests on it."""

from collections.abc import Iterator
from dataclasses import dataclass

from harness.statistics.seed_pairs import SeedPairs, seed_pairs
from harness.verdict.records import PersistenceComparison, Verdicts


@dataclass(frozen=True, slots=True, kw_only=True)
class BySeed:
    """A candidate's seeds beside the reference's on a suite."""

    candidate: str
    task: str
    found: SeedPairs


def by_seed(verdicts: Verdicts) -> Iterator[BySeed]:
    """Yield each candidate's seeds on each suite once, of the comparisons that have any."""
    seen: set[tuple[str, str]] = set()
    for one in verdicts.comparisons:
        for task, gaps in _of(one).items():
            if gaps and (one.candidate, task) not in seen:
                seen.add((one.candidate, task))
                yield BySeed(candidate=one.candidate, task=task, found=seed_pairs(gaps))


def _of(one: PersistenceComparison) -> dict[str, list[float]]:
    outside = [each.gap_out for each in one.per_seed if each.gap_out is not None]
    return {one.in_domain: [each.gap_in for each in one.per_seed], one.out_of_domain: outside}
