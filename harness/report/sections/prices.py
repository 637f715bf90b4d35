"""Prices: what a run saves against full fine-tuning, what answers cost, and what a budget buys."""

import math
from collections.abc import Iterator

from harness.compare.prices import DYNAMIC, HOUR, MERGED, Prices, RecipePrices, full_of, runs_of, saving_of
from harness.plan.costs import Estimate
from harness.report.document import Cell, Number, Table
from harness.spec.records import Experiment

_PRICE = "{:,.4f}"
_FULL = "full fine-tuning"
_NO_PRICE = 'No price is declared: `"cost": {"per_hour": …}` in the spec gives what a run, tokens and a budget come to.'
_NO_FULL = "No recipe is full fine-tuning: there is nothing that savings could be held against."


def prices_table(prices: Prices) -> Iterator[Table]:
    """Yield the table where a price is declared or answers were timed; it says why what is not known is blank."""
    if not prices.recipes or not (prices.per_hour is not None or prices.budget is not None or prices.timed):
        return
    of = prices.full or _FULL
    yield Table(
        title=(
            f"Prices, in the currency of cost.per_hour: a run's saving against {of}, 1,000 tokens generated one at a "
            f"time, and up to how many tokens the adapter, not merged, costs less in all than {of}"
        ),
        headers=(
            *("recipe", ("a run", "costs"), ("saves", "%")),
            *(("1,000 tokens", "dynamic"), ("1,000 tokens", "merged"), ("cheaper up", "to tokens")),
            *([("runs for", f"{prices.budget:g}")] if prices.budget is not None else []),
        ),
        rows=tuple(_row(each, budget=prices.budget is not None) for each in prices.recipes),
        notes=tuple(_missing(prices)),
    )


def planned_prices(experiment: Experiment, estimate: Estimate) -> Iterator[Table]:
    """Yield what a plan's runs would cost, save and how many a budget buys, where the spec declares any of it."""
    per_hour, budget = experiment.cost.get("per_hour"), experiment.cost.get("budget")
    seconds = {each.recipe: each.seconds for each in estimate.cells}
    trained = [each for each in experiment.recipes if each.id in seconds]
    if not trained or (per_hour is None and budget is None):
        return
    full = full_of([each.id for each in trained if each.method == "full"], experiment.comparison.reference)
    rows = []
    for each in trained:
        price = None if per_hour is None else seconds[each.id] / HOUR * per_hour
        saving = None if each.id == full else saving_of(seconds[each.id], seconds.get(full or ""))
        bought = runs_of(budget, price)
        rows.append((each.id, *price_cells(price, saving), None if bought is None else f"{bought:,}"))
    known = budget is not None
    yield Table(
        title=f"Prices as estimated, in the currency of cost.per_hour: a run, and its saving against {full or _FULL}",
        headers=("recipe", ("a run", "costs"), ("saves", "%"), *([("runs for", f"{budget:g}")] if known else [])),
        rows=tuple(row if known else row[:-1] for row in rows),
        notes=(*([_NO_PRICE] if per_hour is None else []), *([] if full else [_NO_FULL])),
    )


def price_cells(run: float | None, saving: float | None) -> tuple[Cell, Cell]:
    """Return what a run costs, and what it saves in per cent."""
    return (
        None if run is None else Number(value=run, form=_PRICE),
        None if saving is None else Number(value=saving, form="{:.1f}", unit="%", times=100.0),
    )


def _row(each: RecipePrices, *, budget: bool) -> tuple[Cell, ...]:
    return (
        each.recipe,
        *price_cells(each.run, each.saving),
        *(_of_tokens(each.per_thousand.get(form)) for form in (DYNAMIC, MERGED)),
        _volume(each.break_even),
        *([None if each.runs is None else f"{each.runs:,}"] if budget else []),
    )


def _of_tokens(price: float | None) -> Cell:
    return None if price is None else Number(value=price, form="{:.3g}")


def _volume(tokens: float | None) -> Cell:
    if tokens is None:
        return None
    return "any" if math.isinf(tokens) else Number(value=tokens, form="{:,.0f}", unit="tokens")


def _missing(prices: Prices) -> Iterator[str]:
    """Yield why columns are blank."""
    if prices.per_hour is None:
        yield _NO_PRICE
    if not prices.timed:
        yield 'Answers were not timed: `"merge": {"latency": true}` in the spec measures what tokens cost.'
    if prices.full is None:
        yield _NO_FULL
