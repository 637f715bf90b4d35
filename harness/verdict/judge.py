"""The one entrance: a design in, every verdict out."""

from collections.abc import Iterator, Sequence

from harness.compare.design import Arm, Design, FailedRun
from harness.compare.scores import SuiteScores, read_scores
from harness.statistics.failures import FailureRate, failure_rate, failures_differ
from harness.verdict.persistence import Persistence
from harness.verdict.records import Comparison, Failures, Verdicts
from harness.verdict.setting import Setting
from harness.verdict.single import extra_forgetting, guard, in_domain


def judge(design: Design) -> Verdicts:
    """Read a design's sample files and judge it. Raises `ComparisonError` with everything that does not pair."""
    return judge_scores(design, read_scores(design))


def judge_scores(design: Design, scores: Sequence[SuiteScores]) -> Verdicts:
    """Judge scores that have been read: arrays in, records out."""
    setting = Setting.of(design, scores)
    guards = setting.suites_of("guard")
    return Verdicts(
        reference=design.reference.name,
        candidates=tuple(arm.name for arm in design.candidates),
        alpha=design.alpha,
        primary_comparisons=setting.comparisons,
        level=1 - 2 * setting.tail,
        guard_level=1 - design.alpha / setting.guard_comparisons if guards else None,
        extra_level=1 - design.alpha / setting.extra_comparisons if guards else None,
        retention=design.retention,
        pooled_seed_variance=design.pool_seed_variance,
        comparisons=tuple(_comparisons(setting)),
        in_domain=tuple(
            in_domain(setting, panel, inside) for panel in setting.panels for inside in setting.suites_of("in_domain")
        ),
        guards=tuple(guard(setting, arm, one) for arm in design.arms for one in guards),
        extra_forgetting=tuple(extra_forgetting(setting, panel, one) for panel in setting.panels for one in guards),
        failures=tuple(_failures(design)),
        notes=tuple(dict.fromkeys([*design.notes, *(note for one in scores for note in one.notes)])),
    )


def _comparisons(setting: Setting) -> Iterator[Comparison]:
    """Judge every candidate on every pair of suites, and again with failed runs at their worst."""
    worst = _with_failures_worst(setting)
    for k, panel in enumerate(setting.panels):
        for inside in setting.suites_of("in_domain"):
            for outside in setting.suites_of("out_of_domain"):
                other = Persistence(worst, worst.panels[k], inside, outside).label() if panel.failed else None
                yield Persistence(setting, panel, inside, outside).record(other)


def _with_failures_worst(setting: Setting) -> Setting:
    if not any(panel.failed for panel in setting.panels):
        return setting
    return Setting.of(setting.design, setting.scores, failures_worst=True)


def _failures(design: Design) -> Iterator[Failures]:
    """Yield every arm's failures, once any arm has one."""
    if all(all(arm.ran) for arm in design.arms):
        return
    reference = _rate(design.reference)
    for arm in design.arms:
        rate = _rate(arm)
        yield Failures(
            arm=arm.name,
            rate=rate,
            messages=tuple(f"{run.kind}: {run.message}" for run in arm.runs if isinstance(run, FailedRun)),
            p_against_reference=None if arm is design.reference else failures_differ(rate, reference),
        )


def _rate(arm: Arm) -> FailureRate:
    return failure_rate(sum(not ran for ran in arm.ran), len(arm.runs))
