"""One question to a worker: prepare an experiment, or estimate what it would cost."""

from collections.abc import Callable
from contextlib import closing

from harness.errors import HarnessError
from harness.execution._base import Executor, Exit
from harness.execution.events import Body, Refusal, StageEntered
from harness.execution.unit import WorkUnit


def ask(executor: Executor, unit: WorkUnit, *, what: str, hear: Callable[[Body], None]) -> Body:
    """Submit a unit, pass on the stages that it enters, and return its answer.

    Raises what a `Refusal` says, and `HarnessError` where the process ends without an answer; `what` is in its text.
    """
    answer: Body | None = None
    ended: Exit | None = None
    with closing(executor.submit(unit)) as told:
        for each in told:
            if isinstance(each, Exit):
                ended = each
                continue
            hear(each.body)
            if not isinstance(each.body, StageEntered):
                answer = each.body
    if isinstance(answer, Refusal):
        raise answer.error()
    if answer is None:
        raise HarnessError(f"{what}: {ended}; see {unit.log}.")
    return answer
