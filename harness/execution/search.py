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
from harness.plan.phases import confirmed
from harness.plan.search import Trial, confirming, plan_trials, tuned, widened
from harness.records import CellResult, ChosenValues, FoundRecipe
from harness.spec.records import MARGIN, Experiment


@dataclass(frozen=True, slots=True)
class Searched:
    """The `trials` that are known, and what they choose for each recipe, None while some have not ended.

    Of a search in phases it is what was `found`.
    """

    trials: tuple[Trial, ...]
    choices: tuple[ChosenValues, ...] | None
    found: FoundRecipe | None = None

    def settled(self, experiment: Experiment) -> Experiment | None:
        """Return the experiment whose cells are run, None while trials have not ended."""
        if self.choices is None:
            return None
        return tuned(experiment, self.choices) if self.found is None else confirmed(experiment, self.found)


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
    tune, ended = schedule.experiment.tune, ended_of(schedule, trials, more)
    assert tune is not None
    return None if ended is None else choose(ended, tune.metric)


def ended_of(schedule: Schedule, trials: Sequence[Trial], more: Sequence[Trial]) -> list[Ended] | None:
    """Run those that are new and return how all ended; None where some of the new ones have not."""
    run = schedule.run
    schedule.mend([trial.planned for trial in more])
    if not schedule.execute([trial.planned for trial in more]):
        return None
    outcomes = [(trial, run.outcome(trial.planned.cell, "trials")) for trial in trials]
    return [
        Ended(trial=trial, outcome=outcome, margins=_margins(run, outcome))
        for trial, outcome in outcomes
        if outcome is not None
    ]


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
