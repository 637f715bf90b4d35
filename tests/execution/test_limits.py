"""A cell that passes a limit of its spec is ended as a failure of its own kind; so is one whose interpreter crashes."""

import signal
import threading

import pytest

from harness.execution._base import Exit
from harness.execution.limits import Limits, watched
from harness.ledger import RunFolder
from helpers.watchers import run


def test_limits_that_are_not_passed_say_nothing():
    assert Limits().passed(1e9) is None
    assert Limits(memory=1 << 50, minutes=1.0).passed(59.0) is None


def test_each_limit_has_a_kind_and_names_its_field():
    kind, said = Limits(minutes=0.5).passed(31.0)
    assert (kind, "0.5 minutes of execute.time_limit_minutes" in said) == ("time_limit", True)
    kind, said = Limits(memory=1 << 20).passed(0.0)
    assert (kind, "0.00 GiB of execute.memory_limit_bytes" in said) == ("memory_limit", True)


def test_a_watched_block_is_told_of_once():
    told = threading.Event()
    with watched(Limits(memory=1), lambda _: told.set()):
        assert told.wait(60)


def test_nothing_is_watched_without_a_limit_or_after_the_block():
    before = threading.active_count()
    with watched(Limits(), lambda _: None):
        assert threading.active_count() == before


@pytest.mark.parametrize(
    ("code", "kind"),
    [(-signal.SIGSEGV, "crash"), (-signal.SIGABRT, "crash"), (-signal.SIGKILL, "killed"), (3, "killed")],
)
def test_a_crash_of_the_interpreter_is_told_from_a_kill(code, kind):
    assert Exit("one", code).kind == kind
    assert ("crashed" in str(Exit("one", code))) == (kind == "crash")


def test_cells_past_their_limit_are_records_and_are_tried_again_by_kind(tiny_spec, tmp_path):
    folder = tmp_path / "runs" / "tiny"
    run(tiny_spec, folder, seeds=(1,), set=("execute.memory_limit_bytes=1000",))
    failures = RunFolder(folder).failures
    assert {each.kind for each in failures} == {"memory_limit"}
    assert len(failures) == 3
    ledger, _ = run(tiny_spec, folder, seeds=(1,), retry_failed=True)
    assert (len(ledger.outcomes), ledger.failures) == (3, ())
