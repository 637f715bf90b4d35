"""The training benchmark's engines on a stand-in: every one trains the same steps to the same losses."""

import pytest

pytest.importorskip("trl", reason="needs the extra `run`")

from benchmarks.training import __main__ as command
from benchmarks.training import engines
from benchmarks.training.engines import Steps


def test_every_engine_comes_to_the_same_losses(tiny_spec):
    found = {
        name: Steps(**engines.trained(name, "full--default", steps=2, spec_file=str(tiny_spec)))
        for name in engines.engines()
    }
    assert all(len(each.wall) == len(each.cpu) == len(each.losses) == 2 for each in found.values())
    assert max(command.apart(found).values()) < command.APART
    assert found[engines.HARNESS].tokens > 0
    assert found[engines.HARNESS].flops > 0


def test_the_faster_of_a_steps_turns_counts():
    best = command.fastest([Steps([3.0, 1.0], [3.0, 2.0], [0.5, 0.4]), Steps([2.0, 5.0], [4.0, 1.0], [0.5, 0.4])])
    assert (best.wall, best.cpu) == ([2.0, 1.0], [3.0, 1.0])
