"""A claim is held by one holder at a time and ends with its process, however that ends."""

import subprocess
import sys
import threading

import pytest

from harness.ledger.claims import Claims, one_at_a_time, working_in

HOLDING = """
import sys, time
from pathlib import Path
from harness.ledger.claims import Claims
claims = Claims(Path(sys.argv[1]))
print(claims.take("cell"), flush=True)
time.sleep(60)
"""


def test_a_claim_has_one_holder_until_it_lets_go(tmp_path):
    mine, theirs = Claims(tmp_path), Claims(tmp_path)
    assert mine.take("cell")
    assert mine.take("cell")
    assert not theirs.take("cell")
    assert theirs.take("another")
    assert theirs.is_held("cell")
    mine.release("cell")
    assert not theirs.is_held("cell")
    assert theirs.take("cell")
    theirs.release_all()
    assert mine.take("cell")
    assert mine.take("another")


def test_asking_after_a_claim_that_nobody_took_makes_no_file(tmp_path):
    assert not Claims(tmp_path).is_held("cell")
    assert list(tmp_path.iterdir()) == []


def test_a_claim_of_a_process_that_is_killed_is_free(tmp_path):
    with subprocess.Popen([sys.executable, "-c", HOLDING, tmp_path], stdout=subprocess.PIPE) as holder:
        assert holder.stdout.readline() == b"True\n"
        assert not Claims(tmp_path).take("cell")
        holder.kill()
        holder.wait()
        assert Claims(tmp_path).take("cell")


@pytest.mark.parametrize(
    "section", [lambda folder: Claims(folder).alone("judge"), one_at_a_time, lambda folder: working_in(folder / "a/b")]
)
def test_sections_do_not_overlap(tmp_path, section):
    inside, most = [], []

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
