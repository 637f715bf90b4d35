"""What an experiment would cost, asked of a worker: nothing is downloaded, and this process stays light."""

from collections.abc import Callable

from harness.execution.ask import ask
from harness.execution.events import Body, StageEntered
from harness.execution.executors import executor_of
from harness.execution.unit import WorkUnit
from harness.plan.costs import Estimate
from harness.sources import cache
from harness.sources.offline import without_downloads
from harness.spec.records import Experiment


def estimate(
    experiment: Experiment, *, measure_anew: bool, on_stage: Callable[[str], None], memory_on: str | None = None
) -> Estimate:
    """Return the estimate; `on_stage` is called with the name of what is looked at next.

    With `memory_on`, ``cpu`` or ``cuda``, memory is that of such a device in place of the one that is here.

    Raises `HarnessError` for what would end a run before its first cell.
    """

    def hear(body: Body) -> None:
        if isinstance(body, StageEntered):
            on_stage(body.name)

    log = cache.root() / "plan.log"
    with without_downloads(), executor_of(experiment, log, remedy=cache.REMEDY) as executor:
        unit = WorkUnit(
            id="estimate",
            kind="estimate",
            log=log.absolute(),
            device=experiment.execute.device,
            threads=experiment.execute.threads,
            experiment=experiment,
            measure_anew=measure_anew,
            memory_on=memory_on,
        )
        found = ask(executor, unit, what="planning", hear=hear)
    assert isinstance(found, Estimate)
    return found
