"""The search of a `tune` block, run: declared trials, those beyond an edge, and the choice with a second seed.

One round's trials have all ended before the next one's are known, so that what is tried does not depend on how many run
side by side, nor on where a run was cut off.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from harness.compare.design import ScoredRun
from harness.compare.sources import read_scored_suite
from harness.execution.schedule import Schedule
from harness.ledger import Outcome, RunFolder
from harness.ledger.damage import CellFiles, refuse
from harness.plan.choice import Ended, Margins, choose
from harness.plan.search import Trial, confirming, plan_trials, widened
from harness.records import CellResult, ChosenValues
from harness.spec.records import MARGIN


@dataclass(frozen=True, slots=True)
class Searched:
    """The `trials` that are known, and what they choose for each recipe, None while some have not ended."""

    trials: tuple[Trial, ...]
    choices: tuple[ChosenValues, ...] | None


def search(schedule: Schedule) -> Searched:
    """Run the trials that have not ended, a round after the other, as far as the schedule's selection goes."""
    experiment, content = schedule.experiment, schedule.prepared.content
    choices: tuple[ChosenValues, ...] | None = ()
    more = trials = plan_trials(experiment, content)
    while more:
        choices = _chosen(schedule, trials, more)
        if choices is None:
            return Searched(trials, None)
        more = widened(experiment, choices, content)
        trials += more
    again = confirming(experiment, choices or (), content)
    return Searched(trials + again, _chosen(schedule, trials + again, again) if again else choices)


def _chosen(schedule: Schedule, trials: Sequence[Trial], more: Sequence[Trial]) -> tuple[ChosenValues, ...] | None:
    """Run those that are new and choose among all; None where they have not ended."""
    run, tune = schedule.run, schedule.experiment.tune
    assert tune is not None
    schedule.mend([trial.planned for trial in more])
    if not schedule.execute([trial.planned for trial in more]):
        return None
    outcomes = [(trial, run.outcome(trial.planned.cell, "trials")) for trial in trials]
    ended = [
        Ended(trial=trial, outcome=outcome, margins=_margins(run, outcome))
        for trial, outcome in outcomes
        if outcome is not None
    ]
    return choose(ended, tune.metric)


def _margins(run: RunFolder, outcome: Outcome) -> Margins | None:
    """Read the margins of a trial, in the order in which every trial scores the validation rows."""
    if not isinstance(outcome, CellResult) or not outcome.evaluations:
        return None
    refuse(run, CellFiles(run, outcome.cell.id, "trials").scores())
    (evaluation,), folder = outcome.evaluations, run.cell_folder(outcome.cell, "trials")
    scored = ScoredRun(folder=folder, seed=outcome.cell.seed, samples={evaluation.task: folder / evaluation.samples})
    items = read_scored_suite(scored, evaluation.task, MARGIN, cluster="cluster", newest=True).items
    clusters = [each.cluster for each in items if each.cluster is not None]
    return Margins(
        values=np.array([each.score for each in items]),
        clusters=np.unique(clusters, return_inverse=True)[1] if len(clusters) == len(items) else None,
    )
