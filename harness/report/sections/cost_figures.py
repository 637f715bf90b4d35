"""Pictures of what is paid: forgetting against learning and against time, speed-ups with intervals, what cells take."""

from collections.abc import Iterator, Mapping, Sequence

from harness.compare.costs import RunCosts
from harness.compare.design import BASE
from harness.compare.summaries import ScoreSummary
from harness.declarations.metrics import metric
from harness.records import GIB, MIB
from harness.report.document import Cell, Figure, Interval, Number, Point, Table
from harness.report.sections.gaps import change_cell
from harness.spec.records import Experiment, Suite
from harness.verdict.records import GapComparison, Verdicts
from harness.verdict.wording import Scale


def learning_against_forgetting(
    experiment: Experiment, verdicts: Verdicts, scores: Sequence[ScoreSummary]
) -> Iterator[Figure]:
    """Yield for each guard its change against the first in-domain score; nothing without guards."""
    inside = experiment.suites_of("in_domain")[0]
    means = {each.recipe: each.score.mean for each in _of_metric(scores, inside)}
    if BASE not in means:
        return
    way = " (lower is better)" if metric(inside.metric).higher_is_better is False else ""
    for task, guards in _guards(verdicts, means):
        yield _tradeoff(
            f"learning-{task}",
            f"Learning against forgetting: {inside.task} against {task}",
            guards,
            [means[one.candidate] for one in guards],
            means[BASE],
            f"{inside.metric} on {inside.task}{way}",
            "{:.4f}",
        )


def speed_against_forgetting(verdicts: Verdicts, costs: RunCosts) -> Iterator[Figure]:
    """Yield for each guard its change against the training time; nothing without guards."""
    seconds = {each.recipe: each.train_seconds.mean for each in costs.recipes}
    for task, guards in _guards(verdicts, seconds):
        yield _tradeoff(
            f"speed-{task}",
            f"Time against forgetting: training against {task}",
            guards,
            [seconds[one.candidate] for one in guards],
            None,
            "training time of a cell, s",
            "{:.1f}",
        )


def _guards(verdicts: Verdicts, known: Mapping[str, float]) -> Iterator[tuple[str, list[GapComparison]]]:
    """Yield each guard with what the recipes forgot there of which the other number is known; none without any."""
    for task in dict.fromkeys(one.task for one in verdicts.guards):
        found = [one for one in verdicts.guards if one.task == task and one.gap and one.candidate in known]
        if found:
            yield task, found


def _tradeoff(  # noqa: PLR0917 - the parts of a picture, each used once
    name: str,
    title: str,
    guards: Sequence[GapComparison],
    across: Sequence[float],
    base: float | None,
    axis: str,
    form: str,
) -> Figure:
    scale = Scale(guards[0].metric)
    start: list[Point] = [] if base is None else [{"recipe": BASE, "x": base, "y": 0.0, "low": 0.0, "high": 0.0}]
    rows: list[tuple[Cell, ...]] = [
        (one.candidate, Number(value=x, form=form), change_cell(one)) for one, x in zip(guards, across, strict=True)
    ]
    return Figure(
        name=name,
        kind="tradeoff",
        title=title,
        alt=f"{title}: a point a recipe, with the interval of its change; the numbers are in the table below.",
        data={"points": (*start, *(_change_point(one, x) for one, x in zip(guards, across, strict=True)))},
        axes={"x": axis, "y": f"change on {guards[0].task}, {scale.unit}"},
        table=Table(title=title, headers=("recipe", axis, f"change on {guards[0].task} [interval]"), rows=tuple(rows)),
    )


def _change_point(one: GapComparison, x: float) -> Point:
    assert one.gap is not None
    times, (low, high) = Scale(one.metric).times, one.gap.interval
    return {
        "recipe": one.candidate,
        "x": x,
        "y": -one.gap.estimate * times,
        "low": -high * times,
        "high": -low * times,
    }


def _of_metric(scores: Sequence[ScoreSummary], suite: Suite) -> Iterator[ScoreSummary]:
    primary = suite.metric.partition(",")[0]
    yield from (each for each in scores if (each.suite, each.metric) == (suite.task, primary))


def speed_ups(costs: RunCosts) -> Iterator[Figure]:
    """Yield how much faster than the reference each recipe trains; nothing where no two seeds were paired."""
    found = [(each.recipe, each.speed_up) for each in costs.recipes if each.speed_up is not None]
    if not found:
        return
    yield Figure(
        name="speed",
        kind="ratios",
        title=f"Training speed against {costs.reference}, with 95% intervals",
        alt=f"How many times faster than {costs.reference} each recipe trains; the numbers are in the table below.",
        data={"ratios": tuple({"recipe": name, "x": s.estimate, "low": s.low, "high": s.high} for name, s in found)},
        axes={"x": f"times as fast as {costs.reference}", "y": ""},
        table=Table(
            title=f"Speed-up against {costs.reference}",
            headers=("recipe", "speed-up [interval]"),
            rows=tuple(
                (name, Interval(estimate=s.estimate, low=s.low, high=s.high, form="{:.2f}", symbol="×"))
                for name, s in found
            ),
        ),
    )


def takings(costs: RunCosts) -> Iterator[Figure]:
    """Yield bars of what a cell of each recipe takes; nothing while none has finished."""
    if not costs.recipes:
        return
    measures = {
        "training, s": [each.train_seconds.mean for each in costs.recipes],
        "memory at the peak, GiB": [each.peak_memory / GIB for each in costs.recipes],
        "kept on disk, MiB": [each.saved / MIB for each in costs.recipes],
    }
    names = [each.recipe for each in costs.recipes]
    yield Figure(
        name="takings",
        kind="bars",
        title="What a cell takes",
        alt="Bars of training time, memory at the peak and size on disk by recipe; the numbers are in the table below.",
        data={
            measure: tuple({"recipe": name, "x": value} for name, value in zip(names, values, strict=True))
            for measure, values in measures.items()
        },
        axes={"x": "", "y": ""},
        table=Table(
            title="What a cell takes, means over seeds",
            headers=("recipe", *measures),
            rows=tuple(
                (name, *(Number(value=value, form="{:,.1f}") for value in values))
                for name, *values in zip(names, *measures.values(), strict=True)
            ),
        ),
    )
