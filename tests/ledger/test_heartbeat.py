"""A claim by heartbeat has one holder at a time, whatever clocks say; one that stands still is taken over."""

import os
import signal
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.ledger import Journal
from harness.ledger.claims import Claims
from harness.ledger.heartbeat import Heartbeats, Rhythm, Watch
from helpers.claims import by_heartbeat

BOUND = 10.0


@dataclass
class Clock:
    """A clock of one machine, which goes as it is told to."""

    now: float = 0.0

    def __call__(self) -> float:
        return self.now


def machine(folder, clock):
    return Heartbeats(folder, Rhythm(beat_seconds=1.0, bound_seconds=BOUND), Watch(clock))


def test_who_stands_still_on_the_watchers_clock_is_taken_over(tmp_path):
    ours, theirs = Clock(1e9), Clock(5.0)  # two machines whose clocks are decades apart
    one, other = machine(tmp_path, ours), machine(tmp_path, theirs)
    first = one.make("cell")
    assert first is not None
    for _ in range(5):  # it beats: the holder's clock, which does not move at all, is of no matter
        assert other.make("cell") is None
        theirs.now += BOUND - 1
        assert first.still()
    assert other.make("cell") is None
    theirs.now += BOUND - 1
    assert other.make("cell") is None
    theirs.now += 1
    second = other.make("cell")
    assert second is not None
    assert [path.name for path in tmp_path.iterdir()] == ["cell.2.claim"]
    assert not first.still()
    first.release()  # what is lost is not let go of for another
    assert second.still()
    assert one.is_held("cell")
    second.release()
    assert not one.is_held("cell")
    third = one.make("cell")
    assert third is not None
    assert not second.still()


def test_a_watcher_that_has_not_looked_knows_nothing(tmp_path):
    clock = Clock()
    one, other = machine(tmp_path, Clock()), machine(tmp_path, clock)
    assert one.make("cell") is not None
    clock.now += 100 * BOUND
    assert other.make("cell") is None


def test_a_holder_that_was_killed_before_its_first_word_is_taken_over(tmp_path):
    clock = Clock()
    (tmp_path / "cell.1.claim").touch()
    watcher = machine(tmp_path, clock)
    assert watcher.make("cell") is None
    clock.now += BOUND
    assert watcher.make("cell") is not None


def test_an_old_listing_makes_no_second_holder(tmp_path, monkeypatch):
    """A network file system may show a folder as it was: another generation is made, and is not the highest."""
    clock = Clock()
    holder, watcher = machine(tmp_path, Clock()), machine(tmp_path, clock)
    for _ in range(2):
        made = holder.make("cell")
        assert made is not None
        made.release()
    third = holder.make("cell")
    listings, really = [[("cell", 1)]] * 3, Heartbeats._all
    monkeypatch.setattr(Heartbeats, "_all", lambda self: listings.pop() if listings else really(self))
    assert watcher.make("cell") is None  # what it says is not there
    clock.now += BOUND
    assert watcher.make("cell") is None
    assert [path.name for path in tmp_path.iterdir()] == ["cell.3.claim"]
    assert third is not None
    assert third.still()


def test_of_two_that_take_over_one_holds(tmp_path, monkeypatch):
    clock = Clock()
    (tmp_path / "cell.1.claim").touch()
    slow, fast = machine(tmp_path, clock), machine(tmp_path, clock)
    assert (slow.make("cell"), fast.make("cell")) == (None, None)
    clock.now += BOUND
    taken = []
    look = Heartbeats._look

    def and_then_another_takes_it(self, name):
        seen = look(self, name)
        monkeypatch.setattr(Heartbeats, "_look", look)
        taken.append(fast.make(name))
        return seen

    monkeypatch.setattr(Heartbeats, "_look", and_then_another_takes_it)
    assert slow.make("cell") is None
    assert taken[0] is not None
    assert taken[0].still()


def test_a_folder_of_many_claims_is_listed_once_a_look(tmp_path, monkeypatch):
    """Over a network a listing is what a look costs."""
    claims, really, listed = machine(tmp_path, Clock()), Heartbeats._all, []
    monkeypatch.setattr(Heartbeats, "_all", lambda self: listed.append(1) or really(self))

    def listings(act):
        listed.clear()
        return act(), len(listed)

    made, times = listings(lambda: claims.make("cell"))
    assert (made is not None, times) == (True, 2)  # before it is made, and after
    assert listings(made.still) == (True, 1)
    assert listings(lambda: claims.is_held("cell")) == (True, 1)
    assert listings(lambda: claims.make("cell")) == (None, 1)
    made.release()
    assert listings(lambda: claims.lives("cell")) == (False, 1)


STEPS = st.lists(
    st.tuples(st.integers(0, 2), st.sampled_from(["take", "beat", "release", "forget"]), st.floats(0, BOUND)),
    max_size=40,
)


@settings(deadline=None, max_examples=60)
@given(STEPS)
def test_never_two_hold_and_what_nobody_keeps_alive_is_free_in_the_end(steps):
    """Three machines whose clocks go at other speeds; one that forgets its claim stands still for ever."""
    with tempfile.TemporaryDirectory() as folder:
        clocks = [Clock(100.0 * index) for index in range(3)]
        machines = [machine(Path(folder), clock) for clock in clocks]
        held = [None, None, None]
        for which, what, seconds in steps:
            for index, clock in enumerate(clocks):
                clock.now += seconds * (1 + index)
            if what == "take" and (held[which] is None or not held[which].still()):
                held[which] = machines[which].make("cell")
            elif what == "release" and held[which] is not None:
                held[which].release()
                held[which] = None
            elif what == "forget":
                held[which] = None
            elif what == "beat" and held[which] is not None:
                held[which].still()
            assert sum(each is not None and each._is_mine() for each in held) <= 1  # `still` would beat
        machines[0].is_held("cell")
        clocks[0].now += BOUND + 1  # a bound to the bit would be rounded away
        assert machines[0].make("cell") is not None


HOLDING = """
import sys
from pathlib import Path
from harness.ledger.claims import Claims, working_in
folder = Path(sys.argv[1])
claims = Claims(folder)
print(claims.take("cell"), flush=True)
sys.stdin.readline()
print(claims.holds("cell"), flush=True)
with working_in(folder / "cells" / "a"):
    print("in", flush=True)
    sys.stdin.readline()
"""


@pytest.fixture
def holder(tmp_path):
    folder = by_heartbeat(tmp_path)
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    with subprocess.Popen([sys.executable, "-c", HOLDING, folder], **pipes) as process:
        assert process.stdout.readline() == "True\n"
        yield process
        process.kill()


def say(process):
    process.stdin.write("\n")
    process.stdin.flush()


def suspend(process):
    """Stop a process and wait until all its threads stand: one may be writing its counter as the signal is sent."""
    process.send_signal(signal.SIGSTOP)
    os.waitid(os.P_PID, process.pid, os.WSTOPPED | os.WNOWAIT)


def test_a_process_that_is_stopped_loses_its_claim_and_finds_out(tmp_path, holder):
    ours = Claims(tmp_path)
    assert ours.lives("cell")  # its thread beats
    assert not ours.take("cell")
    suspend(holder)
    assert not ours.lives("cell")
    assert ours.take("cell")
    holder.send_signal(signal.SIGCONT)
    say(holder)
    assert holder.stdout.readline() == "False\n"
    assert ours.holds("cell")
    ours.release_all()


def test_a_worker_that_lost_its_cell_ends_before_it_writes_more(tmp_path, holder):
    say(holder)
    assert [holder.stdout.readline() for _ in range(2)] == ["True\n", "in\n"]
    ours, name = Claims(tmp_path), "cells--a--worker"
    assert ours.lives(name)
    suspend(holder)
    assert not ours.lives(name)
    assert ours.take(name)
    holder.send_signal(signal.SIGCONT)
    assert holder.wait(60) == 75
    ours.release_all()


NOTING = """
import sys
from pathlib import Path
from harness.ledger import Journal
journal = Journal(Path(sys.argv[1]) / "journal.jsonl")
for number in range(3):
    journal.append("noted", number=number)
"""


def test_every_process_writes_a_journal_of_its_own(tmp_path):
    folder = by_heartbeat(tmp_path)
    journal = Journal(folder / "journal.jsonl")
    journal.append("noted", number=3)
    subprocess.run([sys.executable, "-c", NOTING, folder], check=True)
    journal.append("noted", number=4)
    assert len(list(folder.glob("journal-*.jsonl"))) == 2
    assert not (folder / "journal.jsonl").exists()
    assert [event["number"] for event in journal.events()] == [3, 0, 1, 2, 4]
