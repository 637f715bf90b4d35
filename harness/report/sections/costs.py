"""What each recipe takes: size, memory, disk and money; how fast it trains; how fast it answers."""

from collections.abc import Iterator, Mapping, Sequence

from harness.compare.costs import RecipeCosts, RunCosts
from harness.compare.serving import LatencySummary, MergeCheck, Serving
from harness.records import GIB, MIB
from harness.report.document import Cell, Interval, Number, PValue, Table
from harness.statistics.speedup import SpeedUp

FORMS = ("base", "adapter", "merged")


def costs_table(costs: RunCosts) -> Iterator[Table]:
    """Yield the table of sizes, with what a recipe's `match` came to below it; nothing while no recipe has finished."""
    if not costs.recipes:
        return
    priced = any(each.price is not None for each in costs.recipes)
    sizes = (("weights", "MiB"), ("peak", "GiB"), ("saved", "MiB"))
    yield Table(
        title="Size and cost, means a run: weights while it trains, memory at the peak, what is kept on disk",
        headers=("recipe", "layers", "trainable", "of all", *sizes, *([("cost", "a run")] if priced else [])),
        rows=tuple(_size_row(each) for each in costs.recipes),
        notes=(*_sums(costs.recipes), *(f"{each.recipe}: {each.matched}" for each in costs.recipes if each.matched)),
    )


def _sums(recipes: Sequence[RecipeCosts]) -> Iterator[str]:
    """Yield what stands behind a share that no training can have."""
    for each in recipes:
        if each.trainable > each.parameters:
            yield f"{each.recipe}: what trains is the sum over its stages, each of which trains parameters of its own"


def _size_row(each: RecipeCosts) -> tuple[Cell, ...]:
    of_all = "" if each.total_layers is None else f" of {each.total_layers}"
    return (
        each.recipe,
        Number(value=each.layers, form=f"{{:.0f}}{of_all}") if each.layers else None,
        Number(value=each.trainable, form="{:,.0f}"),
        Number(value=each.trainable_share, form="{:.3%}"),
        Number(value=each.weights, form="{:.0f}", unit="MiB", times=1 / MIB),
        Number(value=each.peak_memory, form="{:.2f}", unit="GiB", times=1 / GIB),
        Number(value=each.saved, form="{:.1f}", unit="MiB", times=1 / MIB),
        *([] if each.price is None else [Number(value=each.price, form="{:.4f}")]),
    )


def speed_table(costs: RunCosts) -> Iterator[Table]:
    """Yield the table of training times; nothing while no recipe has finished."""
    if not costs.recipes:
        return
    yield Table(
        title=(
            f"Training time: speed-up against {costs.reference} (above 1×: faster), geometric mean over seeds with its "
            "95% paired interval. With the probe, the time to rank layers or prepare weights by data counts too."
        ),
        headers=(
            *("recipe", "train s", "tokens/s", ("speed-up", "[interval]")),
            *("p", ("t", "d_z"), "probe s", ("with the", "probe")),
        ),
        rows=tuple(_speed_row(each, costs.reference) for each in costs.recipes),
        notes=(*_paired(costs.recipes), *_side_by_side(costs.workers)),
    )


def _paired(recipes: Sequence[RecipeCosts]) -> Iterator[str]:
    """Yield what t and d_z are, and what they are not, where a recipe has them."""
    if any(each.speed_up is not None for each in recipes):
        yield (
            "t is the paired one of the logarithms, d_z its effect size. Seeds of one model are no independent pairs: "
            "these speak of new seeds of this model, on these rows, and of no other model."
        )


def _statistics(speed: SpeedUp | None) -> Cell:
    """Return t with d_z below it; of one ratio with every seed there is neither."""
    if speed is None or speed.t is None or speed.effect_size is None:
        return None
    return Number(value=speed.t, form="{:.2f}"), Number(value=speed.effect_size, form="{:.2f}")


def _side_by_side(workers: int) -> Iterator[str]:
    if workers > 1:
        yield (
            f"{workers} cells ran at once: these are times on a machine that is shared, and ratios of them follow what "
            "ran beside what. Times that are to be quoted take one cell at a time."
        )


def _speed_row(each: RecipeCosts, reference: str) -> tuple[Cell, ...]:
    start = (
        each.recipe,
        Number(value=each.train_seconds.mean, sd=each.train_seconds.sd, form="{:.1f}", unit="s"),
        Number(value=each.tokens_per_second, form="{:.0f}", unit="tokens/s"),
    )
    if each.recipe == reference:
        return (*start, "reference", "", "", _probe(each), "")
    p = None if each.speed_up is None else PValue(each.speed_up.p)
    with_probes = _ratio(each.speed_up_with_probes) if each.probe_seconds else None
    return (*start, _ratio(each.speed_up), p, _statistics(each.speed_up), _probe(each), with_probes)


def _probe(each: RecipeCosts) -> Cell:
    if not each.probe_seconds:
        return None
    return (
        Number(value=each.probe_seconds, form="{:.1f}", unit="s"),
        Number(value=each.probe_share, form="({:.1%} of train s)"),
    )


def _ratio(found: SpeedUp | None) -> Cell:
    if found is None:
        return None
    return Interval(estimate=found.estimate, low=found.low, high=found.high, form="{:.2f}", symbol="×")


def serving_table(costs: RunCosts) -> Iterator[Table]:
    """Yield the table of what the spec's `merge` asked for; nothing where it asked for nothing."""
    found = {each.recipe: each.serving for each in costs.recipes if each.serving is not None}
    if not found:
        return
    reasons = dict.fromkeys(reason for serving in found.values() for reason in serving.not_merged)
    yield Table(
        title="Serving at batch 1: one pass over 128 tokens, and 32 tokens generated greedily after them",
        headers=(
            "recipe",
            ("largest change of", "an item by merging"),
            *((form, "ms a prompt", "tokens/s") for form in FORMS),
        ),
        rows=tuple(
            (recipe, _check(serving.check), *(_latency(serving.latency.get(form)) for form in FORMS))
            for recipe, serving in found.items()
        ),
        notes=(*(f"not merged: {reason}" for reason in reasons), *_slower(found)),
    )


def _slower(found: Mapping[str, Serving]) -> Iterator[str]:
    """Yield what to do about each adapter that answers slower than the model that it was merged into."""
    for recipe, serving in found.items():
        adapter, merged = (serving.latency.get(form) for form in ("adapter", "merged"))
        if adapter and merged and adapter.tokens_per_second < merged.tokens_per_second:
            share = 1 - adapter.tokens_per_second / merged.tokens_per_second
            yield (
                f"{recipe} generates {share:.0%} fewer tokens a second than merged: where one adapter is served, "
                "`harness export --merged` makes a model that has none to add."
            )


def _check(check: MergeCheck | None) -> Cell:
    if check is None:
        return None
    if check.largest_difference is None or check.tolerance is None:
        return "cannot be merged"
    word = "within" if check.passed else "exceeds"
    return (
        Number(value=check.largest_difference, form="{:.2g}"),
        Number(value=check.tolerance, form=f"({word} {{:g}})"),
    )


def _latency(timed: LatencySummary | None) -> Cell:
    if timed is None:
        return None
    forward = timed.forward_seconds
    return (
        Number(value=forward.mean, sd=forward.sd, form="{:.1f}", unit="ms", times=1000.0),
        Number(value=timed.tokens_per_second, form="{:.1f}", unit="tokens/s"),
    )
