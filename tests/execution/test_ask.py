"""A question to a worker ends with an answer, with a refusal that keeps its exit code, or with what became of it."""

import pytest

from harness.errors import InternalError
from harness.execution import work
from harness.execution._base import Executor, Exit
from harness.execution.ask import ask
from harness.execution.events import Event, Refusal, StageEntered
from harness.execution.unit import WorkUnit
from harness.spec import load


class Played(Executor):
    """Tells what it was given and ends as it was told to."""

    def __init__(self, *bodies, code=0):
        self.bodies, self.code = bodies, code

    def submit(self, unit):
        for body in self.bodies:
            yield Event(unit=unit.id, attempt=1, cell=None, body=body)
        yield Exit(unit.id, self.code)


def unit(tmp_path, experiment=None):
    return WorkUnit(id="prepare", kind="prepare", log=tmp_path / "log.txt", experiment=experiment)


@pytest.mark.parametrize(("code", "words"), [(-11, "crashed .SIGSEGV.* at lora--tiny"), (3, "exit code 3 .* at lora")])
def test_a_process_that_dies_names_where_it_was_and_is_a_fault_of_ours(tmp_path, code, words):
    played = Played(StageEntered("full--default"), StageEntered("lora--tiny"), code=code)
    with pytest.raises(InternalError, match=f"preparing: the worker process .*{words}") as died:
        ask(played, unit(tmp_path), what="preparing", hear=lambda _: None)
    assert died.value.exit_code == 70


def test_what_nobody_foresaw_while_preparing_is_told_with_its_exit_code(tiny_spec, tmp_path, monkeypatch, capsys):
    def broken(*_, **__):
        raise KeyError("foreseen by nobody")

    monkeypatch.setattr(work.preparing, "prepare", broken)
    told = []
    work.perform(unit(tmp_path, load(tiny_spec)), told.append)
    (answer,) = told
    assert isinstance(answer, Refusal)
    assert answer.error().exit_code == 70
    assert "KeyError: 'foreseen by nobody'; this is a bug. Please report it" in answer.text
    assert "Traceback" in capsys.readouterr().err
