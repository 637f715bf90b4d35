"""What a spec's seeds and items can detect, as text."""

from collections.abc import Mapping

from harness.report.layout import table
from harness.spec.records import Experiment, Suite
from harness.statistics.planning import Spread, detectable

DEFAULT_SPREADS = {
    "answer_bits_per_byte": Spread(seed_sd=0.02, item_sd=0.30, residual_sd=0.20),
    "acc": Spread(seed_sd=0.01, item_sd=0.35, residual_sd=0.35),
}
"""Standard deviations of a paired difference where the spec declares none."""


def power_table(experiment: Experiment, items: Mapping[str, int]) -> str:
    """Return the smallest gap, delta and margin that are shown with 80% power, per out-of-domain suite."""
    seeds = len(experiment.seeds)
    if seeds == 1:
        return "a single seed speaks of its own checkpoints only: nothing is detectable about the recipes"
    rows = [
        _row(experiment, inside, outside, items)
        for inside in experiment.suites_of("in_domain")
        for outside in experiment.suites_of("out_of_domain")
    ]
    headers = ["in-domain", "out-of-domain", "gap in", "gap out", "delta", "margin\nin", "margin\nout"]
    title = f"smallest true effect shown with 80% power by {seeds} seeds (SESOI {experiment.comparison.sesoi}):"
    return f"{title}\n{table(rows, headers)}"


def _row(experiment: Experiment, inside: Suite, outside: Suite, items: Mapping[str, int]) -> list[str]:
    spread = _spread(experiment, inside.metric)
    comparison = experiment.comparison
    found = detectable(
        seeds=len(experiment.seeds),
        items_in=items[inside.task],
        items_out=items[outside.task],
        inside=spread,
        outside=spread,
        alpha=comparison.alpha,
        comparisons=len(comparison.candidates) * len(experiment.suites_of("out_of_domain")),
    )
    effects = [found.gap_in, found.gap_out, found.delta, found.margin_in, found.margin_out]
    return [inside.task, outside.task, *(f"{effect:.3f}" for effect in effects)]


def _spread(experiment: Experiment, metric: str) -> Spread:
    default = DEFAULT_SPREADS.get(metric, DEFAULT_SPREADS["acc"])
    declared = experiment.comparison.variances
    return Spread(
        seed_sd=declared.get("seed_sd", default.seed_sd),
        item_sd=declared.get("item_sd", default.item_sd),
        residual_sd=declared.get("residual_sd", default.residual_sd),
    )
