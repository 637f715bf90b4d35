"""What a run that was made before says of an experiment that is planned: its variances, and how likely a verdict is."""

from collections.abc import Collection, Iterator, Mapping
from math import sqrt

import numpy as np

from harness.compare.design_of_run import design_of
from harness.compare.scores import NotCompared, read_comparable
from harness.errors import UsageError
from harness.ledger import RunFolder
from harness.plan.pilot import Observed, Outlook, Pilot, Unseen
from harness.spec.looks import shares
from harness.spec.records import Experiment, Suite
from harness.statistics.critical import primary_comparisons
from harness.statistics.moments import Moments
from harness.statistics.planning import Spread, budget
from harness.statistics.sample_size import chance
from harness.verdict.analysis import Analysis, PairedScores
from harness.verdict.pointed import goals
from harness.verdict.rules import Condition, Contrasts, Label, Margins, Truths

_FEWEST = 2
"""Seeds that a variance takes."""


def pilot(run: RunFolder, experiment: Experiment, items: Mapping[str, int], *, name: str | None = None) -> Pilot:
    """Return what `run`, called by `name` or its folder, says of `experiment`, planned with so many `items` by task.

    Raises `UsageError` for a run that has no two seeds of a candidate and the reference on a suite of the experiment,
    scored by the same metric; `LedgerError` and `ComparisonError` for one that cannot be read or compared.
    """
    design, called = design_of(run), name or str(run.folder)
    scores, left_out = read_comparable(design)
    analysis = Analysis.of(design, scores)
    wanted = {(suite.task, suite.metric) for suite in experiment.suites if suite.role != "guard"}
    metrics = {suite.task: suite.metric for suite in design.suites}
    observed = tuple(
        Observed(
            run=called,
            candidate=paired.candidate.name,
            task=task,
            metric=metrics[task],
            seeds=paired.pairs,
            spread=_spread(moments),
        )
        for paired in analysis.candidates
        for task, moments in paired.suites.items()
        if paired.pairs >= _FEWEST and (task, metrics[task]) in wanted
    )
    seen = {(each.task, each.metric) for each in observed}
    unseen = tuple(_unseen(called, sorted(wanted - seen), metrics, left_out))
    if not observed:
        reasons = "; ".join(f"{each.task}: {', '.join(each.reasons)}" for each in unseen)
        raise UsageError(
            f"{called} has no two seeds of a candidate and its reference on what is planned: {reasons}. "
            "Name another run, or declare comparison.variances."
        )
    outlooks = tuple(_outlooks(called, analysis, experiment, items, seen))
    return Pilot(run=called, observed=observed, outlooks=outlooks, unseen=unseen)


def _unseen(
    run: str, missing: Collection[tuple[str, str]], metrics: Mapping[str, str], left_out: Collection[NotCompared]
) -> Iterator[Unseen]:
    """Yield of each planned suite that nothing was seen of why that is."""
    for task, metric in missing:
        reasons = tuple(reason for each in left_out if each.task == task for reason in each.reasons)
        if metrics.get(task) != metric:
            scored = f" but by {metrics[task]}" if task in metrics else ""
            reasons = (f"it is not scored by {metric} there{scored}",)
        yield Unseen(run=run, task=task, reasons=reasons or ("it has fewer than two seeds of every candidate there",))


def _spread(moments: Moments) -> Spread:
    """Return standard deviations of one item's and one seed's difference."""
    parts = budget((moments,), (1.0,))
    item, residual = (sqrt(moments.items * float(each)) for each in (parts.item, parts.residual))
    return Spread(seed_sd=sqrt(float(parts.seed)), item_sd=item, residual_sd=residual)


def _outlooks(
    run: str, analysis: Analysis, experiment: Experiment, items: Mapping[str, int], seen: set[tuple[str, str]]
) -> Iterator[Outlook]:
    """Yield an outlook for each pair of the experiment's suites that the run has scored, by its candidates."""
    own = [each for each in analysis.candidates if each.candidate.name in experiment.comparison.candidates]
    inside, outside = (
        [suite for suite in experiment.suites_of(role) if (suite.task, suite.metric) in seen]
        for role in ("in_domain", "out_of_domain")
    )
    for paired in own or analysis.candidates:
        if paired.pairs < _FEWEST:
            continue
        for first in inside:
            for second in outside:
                yield _outlook(run, paired, experiment, (first, second), items)


def _outlook(
    run: str, paired: PairedScores, experiment: Experiment, suites: tuple[Suite, Suite], items: Mapping[str, int]
) -> Outlook:
    comparison, (first, second) = experiment.comparison, suites
    inside, outside = (paired.suites[suite.task] for suite in suites)
    margins = Margins(*map(experiment.sesoi_of, suites))
    unmet: dict[Condition, Truths] = {each: np.asarray(False) for each in Condition if each is not Condition.LEARNED}
    shown = Contrasts.of(outside, inside, comparison.retention)
    wanted = goals(Label.INCONCLUSIVE, shown, margins, unmet, (outside, inside), retention=comparison.retention)
    counts = [len(experiment.suites_of(role)) for role in ("in_domain", "out_of_domain")]
    share = shares(experiment.looks)[-1] if experiment.looks else 1.0
    tail = share * comparison.alpha / 2 / primary_comparisons(len(comparison.candidates), *counts)
    size = len(experiment.seeds), min(items[first.task] / inside.items, items[second.task] / outside.items)
    aims = [[each.aim for each in goal.conditions] for goal in wanted]
    return Outlook(
        run=run,
        candidate=paired.candidate.name,
        in_domain=first.task,
        out_of_domain=second.task,
        at_least=max((float(chance(each, tail, *size)) for each in aims), default=0.0),
        at_most=max((1 - max(float(one.missed(tail, *size)) for one in each) for each in aims), default=0.0),
    )
