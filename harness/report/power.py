"""What a spec's seeds and items can detect, as text."""

from collections.abc import Mapping

from harness.report.layout import table
from harness.report.scores import NONE
from harness.spec.records import Experiment, Suite
from harness.statistics.critical import primary_comparisons
from harness.statistics.planning import Spread, detectable

DEFAULT_SPREADS = {
    "answer_bits_per_byte": Spread(seed_sd=0.02, item_sd=0.30, residual_sd=0.20),
    "acc": Spread(seed_sd=0.01, item_sd=0.35, residual_sd=0.35),
}
"""Standard deviations of a paired difference where the spec declares none."""


def power_table(experiment: Experiment, items: Mapping[str, int]) -> str:
    """Return the smallest gap, delta and margin that are shown with 80% power, per out-of-domain suite.

    Where there is none, the in-domain gap and margin stand alone.
    """
    seeds = len(experiment.seeds)
    if seeds == 1:
        return "a single seed speaks of its own checkpoints only: nothing is detectable about the recipes"
    rows = [
        _row(experiment, inside, outside, items)
        for inside in experiment.suites_of("in_domain")
        for outside in experiment.suites_of("out_of_domain") or (None,)
    ]
    headers = ["in-domain", "out-of-domain", "gap in", "gap out", "delta", "margin\nin", "margin\nout"]
    title = f"smallest true effect shown with 80% power by {seeds} seeds (SESOI {experiment.comparison.sesoi}):"
    return f"{title}\n{table(rows, headers)}"


def _row(experiment: Experiment, inside: Suite, outside: Suite | None, items: Mapping[str, int]) -> list[str]:
    spread = _spread(experiment, inside.metric)
    comparison = experiment.comparison
    found = detectable(
        seeds=len(experiment.seeds),
        items_in=items[inside.task],
        items_out=items[(outside or inside).task],
        inside=spread,
        outside=spread,
        alpha=comparison.alpha,
        comparisons=_comparisons(experiment),
    )
    shown = [f"{effect:.3f}" for effect in (found.gap_out, found.delta, found.margin_out)] if outside else [NONE] * 3
    gap_out, delta, margin_out = shown
    name = outside.task if outside else NONE
    return [inside.task, name, f"{found.gap_in:.3f}", gap_out, delta, f"{found.margin_in:.3f}", margin_out]


def _comparisons(experiment: Experiment) -> int:
    inside, outside = experiment.suites_of("in_domain"), experiment.suites_of("out_of_domain")
    return primary_comparisons(len(experiment.comparison.candidates), len(inside), len(outside))


def _spread(experiment: Experiment, metric: str) -> Spread:
    default = DEFAULT_SPREADS.get(metric, DEFAULT_SPREADS["acc"])
    declared = experiment.comparison.variances
    return Spread(
        seed_sd=declared.get("seed_sd", default.seed_sd),
        item_sd=declared.get("item_sd", default.item_sd),
        residual_sd=declared.get("residual_sd", default.residual_sd),
    )
