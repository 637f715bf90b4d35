"""What a spec's seeds and items can detect, as text."""

from harness.plan.power import DetectableEffects, Power
from harness.report.layout import table
from harness.report.scores import NONE


def power_table(power: Power) -> str:
    """Return the smallest gap, delta and margin that are shown, per out-of-domain suite.

    Where there is none, the in-domain gap and margin stand alone.
    """
    if not power.effects:
        return "a single seed speaks of its own checkpoints only: nothing is detectable about the recipes"
    headers = ["in-domain", "out-of-domain", "gap in", "gap out", "delta", "margin\nin", "margin\nout"]
    assumed = ", standard deviations assumed" if any(each.assumed for each in power.effects) else ""
    title = (
        f"smallest true effect shown with {power.power:.0%} power by {power.seeds} seeds "
        f"(SESOI {power.sesoi}{assumed}):"
    )
    return f"{title}\n{table([_row(each) for each in power.effects], headers)}"


def _row(each: DetectableEffects) -> list[str]:
    effects = (each.gap_in, each.gap_out, each.delta, each.margin_in, each.margin_out)
    written = [NONE if effect is None else f"{effect:.3f}" for effect in effects]
    return [each.in_domain, each.out_of_domain or NONE, *written]
