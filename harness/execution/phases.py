"""A search in phases, run: each phase's trials, what they leave, and the next, as far as the schedule's selection goes.

What is tried depends on how trials ended and on nothing else: not on how many run side by side, nor on where a run was
cut off.
"""

from harness.errors import ComparisonError
from harness.execution.schedule import Schedule
from harness.execution.search import Searched, ended_of
from harness.plan.phases import PHASES, Idea, found_recipe, kept_after, phases_of, told, trials_of
from harness.plan.search import Trial
from harness.records import SearchPhase


def search_in_phases(schedule: Schedule) -> Searched:
    """Run the trials that have not ended, phase by phase.

    Raises `ComparisonError` where every trial of a phase failed, so that there is nothing to go on with.
    """
    experiment, content = schedule.experiment, schedule.prepared.content
    assert experiment.search is not None
    known: tuple[Trial, ...] = ()
    kept: tuple[Idea, ...] = ()
    phases: list[SearchPhase] = []
    for phase in phases_of(experiment.search):
        trials = trials_of(phase, experiment, content, kept)
        known += trials
        ended = ended_of(schedule, trials, trials)
        if ended is None:
            return Searched(known, None)
        kept = kept_after(phase, experiment, ended)
        phases.append(told(phase, ended, kept))
        if not kept:
            raise ComparisonError(_nothing_left(phases[-1]))
    return Searched(known, (), found_recipe(experiment, kept[0], phases))


def _nothing_left(phase: SearchPhase) -> str:
    lines = [f"  {each.arm}: {next(one.failure for one in each.trials if one.failure)}" for each in phase.entries]
    listed = "\n".join(line.splitlines()[0] for line in lines)
    return (
        f"the search has nothing to go on with: everything in its {PHASES[phase.name]} failed.\n{listed}\n"
        "Mend the arms, or have what failed tried again with --retry failed."
    )
