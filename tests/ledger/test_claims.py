"""A claim is held by one holder at a time and ends with its process, however that ends."""

import subprocess
import sys
import threading

import pytest

from harness.ledger.claims import CLAIMS, MARKER, Claims, one_at_a_time, rhythm_of, working_in
from harness.ledger.heartbeat import Rhythm
from helpers.claims import by_heartbeat

HOLDING = """
import sys, time
from pathlib import Path
from harness.ledger.claims import Claims
claims = Claims(Path(sys.argv[1]))
print(claims.take("cell"), flush=True)
time.sleep(60)
"""


@pytest.fixture(params=["locks", "heartbeat"])
def either(request, tmp_path):
    """A run folder with claims of each kind."""
    folder = tmp_path / "runs" / "gap"
    folder.mkdir(parents=True)
    return folder if request.param == "locks" else by_heartbeat(folder)


def test_a_claim_has_one_holder_until_it_lets_go(either):
    tmp_path = either
    mine, theirs = Claims(tmp_path), Claims(tmp_path)
    assert mine.take("cell")
    assert mine.take("cell")
    assert not theirs.take("cell")
    assert theirs.take("another")
    assert theirs.is_held("cell")
    assert theirs.lives("cell")
    assert (mine.holds("cell"), theirs.holds("cell"), mine.holds("unknown")) == (True, False, False)
    assert mine.names() == ["another", "cell"]
    mine.release("cell")
    assert not theirs.is_held("cell")
    assert not theirs.lives("cell")
    assert theirs.take("cell")
    theirs.release_all()
    assert mine.take("cell")
    assert mine.take("another")
    mine.forget("another")
    mine.release_all()
    assert mine.names() == ["cell"]


@pytest.mark.parametrize(
    "said", ["", "[]", '{"beat_seconds": 9, "bound_seconds": 3}', '{"bound_seconds": 1e999}', "{}"]
)
def test_a_marker_that_is_damaged_is_a_marker(tmp_path, said):
    (tmp_path / CLAIMS).mkdir()
    assert rhythm_of(tmp_path) is None
    (tmp_path / CLAIMS / MARKER).write_text(said)
    assert rhythm_of(tmp_path) == Rhythm()


def test_asking_after_a_claim_that_nobody_took_makes_no_file(tmp_path):
    assert not Claims(tmp_path).is_held("cell")
    assert list(tmp_path.iterdir()) == []


def test_a_claim_of_a_process_that_is_killed_is_free(either):
    tmp_path = either
    with subprocess.Popen([sys.executable, "-c", HOLDING, tmp_path], stdout=subprocess.PIPE) as holder:
        assert holder.stdout.readline() == b"True\n"
        assert not Claims(tmp_path).take("cell")
        holder.kill()
        holder.wait()
        assert not Claims(tmp_path).lives("cell")
        ours = Claims(tmp_path)
        assert ours.take("cell")
        ours.release_all()


@pytest.mark.parametrize(
    "section", [lambda folder: Claims(folder).alone("judge"), one_at_a_time, lambda folder: working_in(folder / "a/b")]
)
def test_sections_do_not_overlap(either, section):
    tmp_path, inside, most = either, [], []

    def enter():
        for _ in range(5):
            with section(tmp_path):
                inside.append(1)
                most.append(len(inside))
                inside.pop()

    threads = [threading.Thread(target=enter) for _ in range(4)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert most == [1] * 20
