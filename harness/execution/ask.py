"""One question to a worker: prepare an experiment, or estimate what it would cost."""

from collections.abc import Callable
from contextlib import closing

from harness.errors import InternalError
from harness.execution._base import Executor, Exit
from harness.execution.events import Body, Refusal, StageEntered
from harness.execution.unit import WorkUnit


def ask(executor: Executor, unit: WorkUnit, *, what: str, hear: Callable[[Body], None]) -> Body:
    """Submit a unit, pass on the stages that it enters, and return its answer.

    Raises what a `Refusal` says, and `InternalError` where the process ends without an answer; `what`, and the stage
    that was entered last, are in its text.
    """
    answer: Body | None = None
    ended: Exit | None = None
    stage = ""
    with closing(executor.submit(unit)) as told:
        for each in told:
            if isinstance(each, Exit):
                ended = each
                continue
            hear(each.body)
            if isinstance(each.body, StageEntered):
                stage = f" at {each.body.name}"
            else:
                answer = each.body
    if isinstance(answer, Refusal):
        raise answer.error()
    if answer is None:
        raise InternalError(f"{what}: {ended}{stage}; see {unit.log}.")
    return answer
