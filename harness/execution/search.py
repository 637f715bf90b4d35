"""The search of a `tune` block, run: declared trials, those beyond an edge, and the choice with a second seed.

One round's trials have all ended before the next one's are known, so that what is tried does not depend on how many run
side by side, nor on where a run was cut off.
"""

from collections.abc import Sequence

from harness.execution.schedule import Schedule
from harness.plan.choice import choose
from harness.plan.search import Trial, confirming, plan_trials, widened
from harness.records import ChosenValues


def search(schedule: Schedule) -> tuple[ChosenValues, ...]:
    """Run the trials that have not ended, a round after the other, and return what they choose for each recipe."""
    experiment, content = schedule.experiment, schedule.prepared.content
    more = trials = plan_trials(experiment, content)
    while more:
        choices = _chosen(schedule, trials, more)
        more = widened(experiment, choices, content)
        trials += more
    if not trials:
        return ()
    again = confirming(experiment, choices, content)
    return _chosen(schedule, trials + again, again) if again else choices


def _chosen(schedule: Schedule, trials: Sequence[Trial], more: Sequence[Trial]) -> tuple[ChosenValues, ...]:
    """Run those that are new and choose among all."""
    schedule.execute([trial.planned for trial in more])
    outcomes = [schedule.run.outcome(trial.planned.cell, "trials") for trial in trials]
    return choose(trials, [outcome for outcome in outcomes if outcome is not None])
