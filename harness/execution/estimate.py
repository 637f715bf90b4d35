"""What an experiment would cost, asked of a worker: nothing is downloaded, and this process stays light."""

from harness.execution.ask import ask
from harness.execution.executors import executor_of
from harness.execution.unit import WorkUnit
from harness.plan.costs import Estimate
from harness.sources import cache
from harness.sources.offline import without_downloads
from harness.spec.records import Experiment


def estimate(experiment: Experiment) -> Estimate:
    """Return the estimate. Raises `HarnessError` for what would end a run before its first cell."""
    log = cache.root() / "plan.log"
    with without_downloads(), executor_of(experiment, log, remedy=cache.REMEDY) as executor:
        unit = WorkUnit(
            id="estimate",
            kind="estimate",
            log=log.absolute(),
            device=experiment.execute.device,
            threads=experiment.execute.threads,
            experiment=experiment,
        )
        found = ask(executor, unit, what="planning", hear=lambda _: None)
    assert isinstance(found, Estimate)
    return found
