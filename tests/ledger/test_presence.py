"""Commands that want the same share a run folder; one that wants something else is told what."""

import multiprocessing
import threading

import pytest

from harness.errors import UsageError
from harness.ledger.claims import rhythm_of
from harness.ledger.file_locks import FileLocks
from harness.ledger.heartbeat import Rhythm
from harness.ledger.presence import at_work, differences
from harness.spec import Overrides, load
from helpers.claims import by_heartbeat


def _hold(spec, folder, here):
    with at_work(folder, load(spec)):
        here.set()
        threading.Event().wait()


@pytest.fixture
def in_use(tmp_path):
    """Return a function that has another process at work in a folder with a spec, until the test ends."""
    context = multiprocessing.get_context("spawn")
    started = []

    def start(spec, folder):
        here = context.Event()
        started.append(context.Process(target=_hold, args=(spec, folder, here)))
        started[-1].start()
        assert here.wait(60)
        return started[-1]

    yield start
    for each in started:  # setting an event that a killed process waits for would wait for that process
        each.kill()
        each.join()


def test_the_same_is_shared_and_anything_else_is_refused_with_what_differs(tiny_spec, tmp_path, in_use):
    folder = tmp_path / "runs" / "tiny"
    in_use(tiny_spec, folder)
    for same in (load(tiny_spec), load(tiny_spec, overrides=Overrides(workers=3))):
        with at_work(folder, same):
            pass
    with pytest.raises(UsageError, match=r"in use[^\n]*\n  seeds: \[1, 2\] there, \[3\] here\n.*--out") as refused:
        at_work(folder, load(tiny_spec, overrides=Overrides(seeds=(3,)))).__enter__()
    assert refused.value.exit_code == 64
    with pytest.raises(UsageError, match="--go-on: false there, true here"):
        at_work(folder, load(tiny_spec), go_on=True).__enter__()


def test_what_a_dead_command_wanted_is_forgotten(tiny_spec, tmp_path, in_use):
    folder = tmp_path / "runs" / "tiny"
    holder = in_use(tiny_spec, folder)
    holder.kill()
    holder.join()
    with at_work(folder, load(tiny_spec, overrides=Overrides(seeds=(3,)))):
        assert len(list(folder.glob("claims/command-*.json"))) == 1
    assert list(folder.glob("claims/command-*")) == []


def test_a_folder_that_is_shared_is_known_by_its_marker_and_dead_commands_by_their_silence(tiny_spec, tmp_path, in_use):
    folder = by_heartbeat(tmp_path / "runs" / "tiny")
    holder = in_use(tiny_spec, folder)
    assert [path.name.count(".1.claim") for path in folder.glob("claims/command-*.claim")] == [1]
    with pytest.raises(UsageError, match="in use"):
        at_work(folder, load(tiny_spec, overrides=Overrides(seeds=(3,)))).__enter__()
    holder.kill()
    holder.join()
    with at_work(folder, load(tiny_spec, overrides=Overrides(seeds=(3,)))):
        assert len(list(folder.glob("claims/command-*.json"))) == 1
    assert list(folder.glob("claims/command-*")) == []


def test_a_folder_becomes_shared_when_nobody_holds_a_lock_in_it(tiny_spec, tmp_path, in_use):
    folder = tmp_path / "runs" / "tiny"
    shared = load(tiny_spec, overrides=Overrides(set=("execute.shared_folder=true",)))
    holder = in_use(tiny_spec, folder)
    with pytest.raises(UsageError, match=r"claims are locks.*Wait until it has ended"):
        at_work(folder, shared).__enter__()
    assert rhythm_of(folder) is None
    holder.kill()
    holder.join()
    with at_work(folder, shared):
        assert rhythm_of(folder) == Rhythm()
    with at_work(folder, load(tiny_spec)):  # the marker says it, whatever a spec says
        assert len(list(folder.glob("claims/command-*.claim"))) == 1


def test_a_file_system_without_locks_is_told_with_what_to_do(tiny_spec, tmp_path, monkeypatch):
    def refuse(*_):
        raise NotImplementedError("FileSystem does not appear to support flock")

    monkeypatch.setattr(FileLocks, "take", refuse)
    with pytest.raises(UsageError, match=r"without locks .*execute\.shared_folder"):
        at_work(tmp_path / "run", load(tiny_spec)).__enter__()
    with at_work(tmp_path / "run", load(tiny_spec, overrides=Overrides(set=("execute.shared_folder=true",)))):
        assert rhythm_of(tmp_path / "run") == Rhythm()


def test_one_process_may_say_it_twice(tiny_spec, tmp_path):
    folder = tmp_path / "runs" / "tiny"
    with at_work(folder, load(tiny_spec)), at_work(folder, load(tiny_spec)):
        pass
    assert list(folder.glob("claims/command-*")) == []


def test_differences_name_their_place():
    theirs = {"a": {"b": [1, {"c": 2}]}, "d": None}
    assert list(differences(theirs, {"a": {"b": [1, {"c": 3}]}, "e": "x"})) == [
        "a.b[1].c: 2 there, 3 here",
        'e: null there, "x" here',
    ]
