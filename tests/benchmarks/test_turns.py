"""What all benchmarks measure with: turns, commands, processes that are asked, and the machine's description."""

import os
import sys

import pytest

from benchmarks import _machine
from benchmarks._turns import Hand, ended, in_turns


def test_no_side_is_always_the_first():
    order = []
    found = in_turns("ab", lambda side: order.append(side) or len(order), turns=3)
    assert "".join(order) == "abbaab"
    assert found == {"a": [1, 4, 5], "b": [2, 3, 6]}


def test_a_command_is_measured_with_its_children():
    busy = "sum(range(3_000_000))"
    child = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {busy!r}], check=True); print('done')"
    done = ended([sys.executable, "-c", child])
    assert done.printed == "done\n"
    assert done.taken.cpu > ended([sys.executable, "-c", "import subprocess, sys"]).taken.cpu
    assert done.peak > 2**20


def test_a_command_that_fails_says_what_it_said():
    with pytest.raises(SystemExit, match="ended with 3:\nwhy"):
        ended([sys.executable, "-c", "print('why'); raise SystemExit(3)"])


def test_a_hand_answers_in_its_own_environment():
    with Hand("builtins:dict", os.environ) as hand:
        assert hand(one=1, several=[2, 3]) == {"one": 1, "several": [2, 3]}
    with Hand("os:getenv", {**os.environ, "HAND": "its own"}) as hand:
        assert hand(key="HAND") == "its own"


def test_a_hand_that_dies_says_why():
    with Hand("builtins:int", os.environ) as hand, pytest.raises(SystemExit, match="TypeError"):
        hand(no="such argument")


def test_a_busy_machine_is_named(monkeypatch):
    monkeypatch.setattr(os, "getloadavg", lambda: (5.0, 0.0, 0.0))
    assert "BUSY" in _machine.described()
    monkeypatch.setattr(os, "getloadavg", lambda: (0.0, 0.0, 0.0))
    assert "BUSY" not in _machine.described()
    assert "numpy" in _machine.described()
