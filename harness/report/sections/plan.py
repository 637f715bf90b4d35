"""What a plan says: cells and suites with what they would cost, and what the seeds and items can show."""

from collections import Counter
from collections.abc import Iterator, Sequence

from harness.plan.costs import CellCost, Estimate
from harness.plan.looks import PlannedLook
from harness.plan.pilot import Outlook
from harness.plan.power import DetectableEffects, Power
from harness.records import GIB, MIB
from harness.report.document import Block, Cell, Duration, Number, Prose, Table
from harness.report.sections.marks import contamination_text
from harness.spec.records import Experiment
from harness.verdict.wording import Scale

_UNLIKELY = "No verdict is likely at this budget"
_LIKELY = 0.5
"""A verdict that is less likely than this is not to be expected."""


def cells_table(estimate: Estimate) -> Table:
    """Return a row a recipe, or several where its cells differ: seeds change nothing that is estimated."""
    rows = Counter((each.recipe, _cost_cells(each)) for each in estimate.cells)
    return Table(
        title="Cells, one a recipe and seed; the numbers are those of one",
        headers=(
            *("recipe", "cells", "layers", "trainable", "tokens"),
            *(("~train", "~score"), ("~peak", "GiB"), ("disk", "MiB")),
        ),
        rows=tuple((recipe, str(cells), *costs) for (recipe, costs), cells in rows.items()),
        notes=tuple(dict.fromkeys(f"{each.recipe}: {each.matched}" for each in estimate.cells if each.matched)),
    )


def trials_table(estimate: Estimate) -> Table:
    """Return a row a recipe: its trials, as expected and with all that widening may add, and what one takes."""
    first = {each.recipe: each for each in reversed(estimate.trials)}
    expected, more = (Counter(each.recipe for each in trials) for trials in (estimate.trials, estimate.widening))
    return Table(
        title="Trials of the search; the numbers are those of one",
        headers=("recipe", "trials", "layers", "trainable", "tokens", ("~train", "~score"), ("~peak", "GiB")),
        rows=tuple(
            (name, f"{count} to {count + more[name]}" if more[name] else str(count), *_cost_cells(first[name])[:-1])
            for name, count in expected.items()
        ),
    )


def planned_search(experiment: Experiment, estimate: Estimate) -> Iterator[Block]:
    """Yield the trials of a search in phases, and what stands for what it will find; nothing without one."""
    if experiment.search is not None:
        yield trials_table(estimate)
        first = experiment.comparison.candidates[0]
        yield Prose(
            "What the search finds is not known: later phases, and the cells that confirm it, are planned as the first "
            f"arm, {first}."
        )


def _cost_cells(cell: CellCost) -> tuple[Cell, ...]:
    return (
        Number(value=cell.layers, form="{:.0f}") if cell.layers else None,
        Number(value=cell.trainable, form="{:,.0f}"),
        Number(value=cell.tokens, form="{:,.0f}"),
        (Duration(cell.train_seconds), Duration(cell.evaluate_seconds)),
        Number(value=cell.memory, form="{:.1f}", unit="GiB", times=1 / GIB),
        Number(value=cell.disk, form="{:.1f}", unit="MiB", times=1 / MIB),
    )


def suites_table(experiment: Experiment, estimate: Estimate) -> Table:
    """Return a row a suite: what it is scored for, its items and how long they are."""
    rows = []
    for suite in experiment.suites:
        items, tokens = (Number(value=count, form="{:.0f}") for count in estimate.suites[suite.task])
        rows.append((suite.task, suite.role, suite.metric, items, tokens))
    return Table(headers=("suite", "role", "metric", "items", "tokens an item"), rows=tuple(rows))


def totals(experiment: Experiment, estimate: Estimate) -> Iterator[Block]:
    """Yield what everything together would take, what of it is not counted, and what was checked for contamination."""
    yield Prose(
        f"{_search(estimate)}estimate, from a calibration of a few seconds on this machine ({_measured(estimate)}): "
        f"about {Duration(estimate.seconds)} of training and scoring{_at_once(estimate)}, "
        f"{estimate.at_once * estimate.memory / GIB:.1f} GiB of memory at the peak, "
        f"{estimate.disk / MIB:.0f} MiB kept on disk and "
        f"{estimate.disk_peak / MIB:.0f} MiB there at the peak; {_not_counted(experiment)} come on top"
    )
    yield Prose(_contamination(estimate))


def _not_counted(experiment: Experiment) -> str:
    """Return what no calibration tells: what a diagnostic takes is in the costs of cells that were looked at."""
    looked_at = dict.fromkeys(each.name for each in experiment.diagnostics)
    return f"start-up, downloads and diagnostics ({', '.join(looked_at)})" if looked_at else "start-up and downloads"


def _at_once(estimate: Estimate) -> str:
    if estimate.at_once == 1:
        return ""
    return f" ({Duration(estimate.elapsed)} with {estimate.at_once} cells at once)"


def outlook(power: Power) -> Iterator[Block]:
    """Yield whether a verdict is to be expected at all: what a reader must know first."""
    if not power.effects:
        yield Prose(f"{_UNLIKELY}: a single seed speaks of its own checkpoints only.")
    elif power.outlooks:
        yield from _outlook_of_runs(power.outlooks)
    else:
        least = min(power.effects, key=lambda each: each.gap_in)
        if least.margin_in > power.sesoi:
            yield Prose(
                f"{_UNLIKELY} unless the in-domain gap is {least.gap_in:.3g} or more: that there is none as large as "
                f"the smallest effect of interest, {power.sesoi:g}, is out of reach."
            )


def _outlook_of_runs(outlooks: Sequence[Outlook]) -> Iterator[Block]:
    best = max(each.at_most for each in outlooks)
    if best < _LIKELY:
        runs = ", ".join(dict.fromkeys(each.run for each in outlooks))
        yield Prose(
            f"{_UNLIKELY}: if the truth is as {runs} estimates, the likeliest has a chance of {best:.0%} at most."
        )
    yield Table(
        title="chance that the likeliest verdict is given, if the truth is as the run estimates",
        headers=("comparison", "run", ("at", "least"), ("at", "most")),
        rows=tuple(
            (
                (each.candidate, f"{each.in_domain} → {each.out_of_domain}"),
                each.run,
                f"{each.at_least:.0%}",
                f"{each.at_most:.0%}",
            )
            for each in outlooks
        ),
    )


def power_block(power: Power) -> Block:
    """Return the smallest gap, delta and margin that are shown, per pair of suites.

    Where there is no out-of-domain suite, the in-domain gap and margin stand alone.
    """
    if not power.effects:
        return Prose("a single seed speaks of its own checkpoints only: nothing is detectable about the recipes")
    assumed = ", standard deviations assumed" if any(each.assumed for each in power.effects) else ""
    return Table(
        title=(
            f"smallest true effect shown with {power.power:.0%} power by {power.seeds} seeds "
            f"(SESOI {power.sesoi}{assumed}):"
        ),
        headers=("in-domain", "out-of-domain", "gap in", "gap out", "delta", ("margin", "in"), ("margin", "out")),
        rows=tuple(map(_effect_cells, power.effects)),
    )


def power_basis(power: Power) -> Iterator[Block]:
    """Yield what the effects rest on: where the variances are from, and critical values of seeds and comparisons."""
    if not power.effects:
        return
    runs = list(dict.fromkeys(run for each in power.effects for run in each.runs))
    assumed = list(dict.fromkeys(name for each in power.effects for name in each.assumed))
    if runs:
        yield Prose(f"variances: those of {', '.join(runs)}")
    for unseen in power.unseen:
        yield Prose(f"{unseen.run} says nothing of {unseen.task}: {', '.join(unseen.reasons)}")
    if assumed:
        yield Prose(f"assumed, as neither a run nor the spec says them: {', '.join(assumed)} (give --from RUN)")
    yield Prose(_critical(power))


def _critical(power: Power) -> str:
    """Return ``3 seeds over 7 comparisons: 11.8 standard errors; 5 seeds: 5.1``."""
    (seeds, first), *others = power.critical
    over = "1 comparison" if power.comparisons == 1 else f"{power.comparisons} comparisons"
    more = "".join(f"; {count} seeds: {value:.1f}" for count, value in others)
    return f"critical value, seeds being all the noise: {seeds} seeds over {over}: {first:.1f} standard errors{more}"


def gate_blocks(power: Power) -> Iterator[Block]:
    """Yield of each rule of the gate whether the planned seeds and items can pass it, and what would."""
    for each in power.gate:
        scale, often = Scale(each.metric), f"{power.power:.0%} of the time"
        more = "no number of seeds passes it with these items" if each.seeds is None else f"{each.seeds} seeds pass it"
        if each.narrowest is None:
            yield Prose(f"gate {each.rule} on {each.task}: a single seed passes no rule about recipes; {more} {often}")
            continue
        rest = "" if each.passable else f"; {more} {often}"
        yield Prose(
            f"gate {each.rule} on {each.task}: {'passable' if each.passable else 'NOT to be passed as planned'}: a "
            f"candidate as good as the reference passes {often} from a margin of {scale.amount(each.narrowest)} on, "
            f"declared is {scale.amount(each.margin)}{rest}"
        )


def planned_looks_blocks(power: Power) -> Iterator[Block]:
    """Yield what each declared look costs in width, and how many cells a run is expected to take with them."""
    if not power.looks:
        return
    first, last = power.looks[0], power.looks[-1]
    yield Table(
        title="Looks share the error rate; critical values in standard errors, where seeds make all of the noise",
        headers=(
            "look",
            "seeds",
            ("cells", "by then"),
            ("one-sided", "error"),
            ("critical", "value"),
            ("without", "looks"),
        ),
        rows=tuple(_look_cells(number, each) for number, each in enumerate(power.looks, 1)),
    )
    expected = "; ".join(f"{each.cells:.1f} where all gaps are {each.gap:.3f}" for each in power.expected)
    yield Prose(
        f"with looks, all {last.seeds} seeds give intervals of {last.critical:.1f} standard errors to a side instead "
        f"of {last.without:.1f}, and the run takes {first.cells} to {last.cells} cells; expected, if noise is as "
        f"above: {expected}"
    )


def _look_cells(number: int, look: PlannedLook) -> tuple[Cell, ...]:
    return (
        str(number),
        str(look.seeds),
        str(look.cells),
        Number(value=look.tail, form="{:.3g}"),
        Number(value=look.critical, form="{:.1f}"),
        Number(value=look.without, form="{:.1f}"),
    )


def _effect_cells(each: DetectableEffects) -> tuple[Cell, ...]:
    effects = (each.gap_in, each.gap_out, each.delta, each.margin_in, each.margin_out)
    numbers = (None if effect is None else Number(value=effect, form="{:.3f}", unit=each.metric) for effect in effects)
    return (each.in_domain, each.out_of_domain, *numbers)


def unknowns(estimate: Estimate) -> Iterator[Block]:
    """Yield what was assumed instead of counted, what is not in the cache, and why else something is not known."""
    if estimate.assumed:
        yield Prose(f"assumed, not counted: {', '.join(estimate.assumed)}")
    if estimate.absent:
        yield Prose(f"not in the cache, and a plan downloads nothing (a run does): {', '.join(estimate.absent)}")
    yield from map(Prose, estimate.reasons)


def _measured(estimate: Estimate) -> str:
    other = "; of a smaller shape than the model's, scaled by counted operations" if estimate.scaled else ""
    if estimate.busy:
        return f"which something else kept busy: times are too long, and kept for an hour{other}; --measure repeats it"
    return f"{estimate.measured}{other}; --measure repeats it"


def _search(estimate: Estimate) -> str:
    if not estimate.trials:
        return ""
    wider = len(estimate.widening)
    more = f"; at most {wider} more where it widens, {Duration(estimate.widening_seconds)}" if wider else ""
    before = "before them " if estimate.cells else ""
    return f"{before}{len(estimate.trials)} trials of the search, about {Duration(estimate.search_seconds)}{more}\n"


def _contamination(estimate: Estimate) -> str:
    """Return what was compared; what was not is said to be unchecked, never clean."""
    if estimate.screening is None:
        return "contamination: not checked, the training data is not at hand"
    text = contamination_text(estimate.screening)
    return f"{text}; not checked: {', '.join(estimate.unscreened)}" if estimate.unscreened else text
