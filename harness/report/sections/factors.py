"""What declared factors do: each variant beside the recipe that it varies, and how far an outcome hangs on a factor."""

from collections.abc import Iterator, Sequence
from itertools import groupby
from math import isfinite

from harness.compare.summaries import ScoreSummary
from harness.report.document import Block, Cell, Interval, Number, Prose, Table
from harness.report.sections.gaps import ADJUSTED, verdict_cells
from harness.report.sections.suites import headline, score_cell
from harness.spec.records import Experiment, Suite
from harness.verdict.records import FactorEffect, FactorGrade, FactorRating, RankGrowth, Verdicts

RATINGS = "How far the outcome hangs on a factor, over the levels that were tried"


def factor_tables(experiment: Experiment, verdicts: Verdicts, scores: Sequence[ScoreSummary]) -> Iterator[Block]:
    """Yield a table a centre and suite, and what each factor comes to; nothing where no factors are declared."""
    if not verdicts.effects:
        return
    yield Prose(
        "Factors: a variant differs from its centre in what is named. A gap is the centre's score less the variant's "
        f"(positive: the centre is better), {_level(verdicts.effects_level)} intervals, a family of its own"
        f"{_on_guards(verdicts.effects_guard_level)}."
    )
    suites = {suite.task: suite for suite in experiment.suites}
    for (centre, task), group in groupby(verdicts.effects, key=lambda each: (each.gap.reference, each.gap.task)):
        yield _table(centre, suites[task], list(group), scores)
    if verdicts.ratings:
        yield _ratings(verdicts.ratings)
    yield from _grades(verdicts)
    yield from _interactions(verdicts)
    yield from _growth(verdicts)


def _level(confidence: float | None) -> str:
    return f"{100 * (confidence or 0):.4g}%"


def _on_guards(confidence: float | None) -> str:
    """Return what is added about guards, which are another family."""
    return "" if confidence is None else f"; on guards {_level(confidence)} intervals, another one"


def _interactions(verdicts: Verdicts) -> Iterator[Block]:
    """Yield a table a suite of what levels cost one recipe beyond another."""
    level = _level(verdicts.interactions_level)
    for task, group in groupby(sorted(verdicts.interactions, key=lambda each: each.task), key=lambda each: each.task):
        found = list(group)
        yield Table(
            title=(
                f"What a level costs a recipe beyond what it costs {found[0].against}: {task} (positive: costs it "
                f"more), {level} intervals, a family of its own"
            ),
            headers=("recipe", "level", ("difference", "[interval]"), ADJUSTED, "verdict"),
            rows=tuple(
                (
                    each.centre,
                    ", ".join(f"{factor} {value}" for factor, value in each.levels.items()),
                    *verdict_cells(each.gap, each.metric, each.verdict),
                )
                for each in found
            ),
        )


def _growth(verdicts: Verdicts) -> Iterator[Block]:
    """Yield how the best rank grows with the rows, or why that cannot be told."""
    for each in verdicts.growth:
        best = ", ".join(
            f"{'none' if rank is None else f'{rank:.3g}'} at {rows:,}"
            for rows, rank in zip(each.rows, each.best, strict=True)
        )
        yield Prose(f"Best rank by rows, {each.task} around {each.centre}: {best}. {_exponent(each, verdicts)}")


def _exponent(growth: RankGrowth, verdicts: Verdicts) -> str:
    if growth.exponent is None or growth.interval is None:
        return f"Whether it grows like a power of log(rows) cannot be estimated: {'; '.join(growth.reasons)}."
    low, high = growth.interval
    return (
        f"It grows like log(rows)^{growth.exponent:.2f} [{low:.2f}, {high:.2f}], a "
        f"{_level(verdicts.growth_level)} interval over seeds, on these very items."
    )


def _table(centre: str, suite: Suite, effects: Sequence[FactorEffect], scores: Sequence[ScoreSummary]) -> Table:
    factors = tuple(effects[0].levels) if len(effects[0].levels) > 1 else ("factor", "level")
    return Table(
        title=f"Around {centre}: {headline(suite)}",
        headers=(*factors, "score", ("gap to it", "[interval]"), ADJUSTED, "verdict"),
        rows=(
            ("centre", *("" for _ in factors[1:]), score_cell(scores, centre, suite), None, None, "reference"),
            *(_row(each, suite, scores) for each in effects),
        ),
    )


def _row(effect: FactorEffect, suite: Suite, scores: Sequence[ScoreSummary]) -> tuple[Cell, ...]:
    gap = effect.gap
    names: tuple[Cell, ...] = tuple(effect.levels.values())
    if len(effect.levels) == 1:
        names = tuple(*effect.levels.items())
    verdict = verdict_cells(gap.gap, gap.metric, gap.verdict)
    return (*names, score_cell(scores, gap.candidate, suite), *verdict)


def _ratings(ratings: Sequence[FactorRating]) -> Table:
    tasks = tuple(dict.fromkeys(each.task for each in ratings))
    found = {(each.centre, each.factor, each.task): each.rating for each in ratings}
    pairs = dict.fromkeys((each.centre, each.factor) for each in ratings)
    rows = tuple((*pair, *(found.get((*pair, task)) for task in tasks)) for pair in pairs)
    return Table(title=RATINGS, headers=("recipe", "factor", *tasks), rows=rows)


def _grades(verdicts: Verdicts) -> Iterator[Block]:
    """Yield how far factors move scores, and what is not known of them; nothing where no bounds are declared."""
    if not verdicts.grades:
        return
    what = _GRADED[verdicts.grades[0].by]
    yield Table(
        title=(
            f"How far a factor moves a score, by declared bounds: the largest change {what} that a level makes, with "
            "the interval of the largest of all levels"
        ),
        headers=("recipe", "factor", "suite", "level", ("change", "[interval]"), "grade"),
        rows=tuple(
            (each.centre, each.factor, each.task, each.level, _change(each), _between(each)) for each in verdicts.grades
        ),
    )
    for reason in dict.fromkeys(reason for each in verdicts.grades for reason in each.unknown.values()):
        rows = sum(reason in each.unknown.values() for each in verdicts.grades)
        yield Prose(f"Not bounded from above, {rows} of {len(verdicts.grades)} rows: {reason}.")


_GRADED = {"accuracy": "of accuracy, in points,", "share_of_gain": "as a share of what the centre gained, in percent,"}


def _change(each: FactorGrade) -> Cell:
    if each.change is None:
        return None
    low, high = each.interval
    if isfinite(high):
        return Interval(estimate=each.change, low=low, high=high, form="{:.1f}", times=100)
    return Number(value=each.change, form="{:.1f}", times=100)


def _between(each: FactorGrade) -> str:
    """Return the grade, or both between which it lies."""
    return each.least if each.least == each.most else f"{each.least} to {each.most}"
