"""What merging an adapter changes, summed up over seeds: an item's score at the most, and the latency."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from statistics import mean

from harness.compare.summaries import MeanAndSD
from harness.records import CellResult, Latency

MERGE_CHECK = "merged_scores_agree"


@dataclass(frozen=True, slots=True, kw_only=True)
class MergeCheck:
    """The largest change of an item's score by merging, and the change that is tolerated, over seeds.

    All three are None where the adapter cannot be merged.
    """

    largest_difference: float | None = None
    tolerance: float | None = None
    passed: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LatencySummary:
    """One pass over a prompt in seconds, and tokens a second of greedy generation, over seeds."""

    forward_seconds: MeanAndSD
    tokens_per_second: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Serving:
    """What a spec's `merge` asked for, of one recipe.

    `check` is None where it was not asked for; `latency` is by form: ``base``, ``adapter`` and ``merged``. `not_merged`
    says why an adapter was not merged.
    """

    check: MergeCheck | None
    latency: Mapping[str, LatencySummary]
    not_merged: tuple[str, ...]


def summarise_serving(results: Sequence[CellResult]) -> Serving | None:
    """Sum up a recipe's cells, None where nothing was measured of serving."""
    measured = [each for each in results if each.latency is not None or MERGE_CHECK in each.measurements]
    if not measured:
        return None
    by_form = {form: list(_latencies(measured, form)) for form in ("base", "adapter", "merged")}
    return Serving(
        check=_check(measured),
        latency={form: _latency(timed) for form, timed in by_form.items() if timed},
        not_merged=tuple(dict.fromkeys(_reasons(measured))),
    )


def _check(results: Sequence[CellResult]) -> MergeCheck | None:
    checks = [each.measurements[MERGE_CHECK] for each in results if MERGE_CHECK in each.measurements]
    applied = [check for check in checks if check.passed is not None]
    if not applied:
        return MergeCheck() if checks else None
    return MergeCheck(
        largest_difference=max(check.details["largest_difference"] for check in applied),
        tolerance=applied[0].details["tolerance"],
        passed=all(check.passed for check in applied),
    )


def _latencies(results: Sequence[CellResult], form: str) -> Iterator[Latency]:
    for result in results:
        timed: Latency | None = getattr(result.latency, form, None)
        if timed is not None:
            yield timed


def _latency(timed: Sequence[Latency]) -> LatencySummary:
    return LatencySummary(
        forward_seconds=MeanAndSD.of([each.forward_seconds for each in timed]),
        tokens_per_second=mean(each.tokens_per_second for each in timed),
    )


def _reasons(results: Sequence[CellResult]) -> Iterator[str]:
    for result in results:
        check, latency = result.measurements.get(MERGE_CHECK), result.latency
        reason = (check and check.details.get("reason")) or (latency and latency.not_merged)
        if reason:
            yield str(reason)
