"""A bounded sample of kills; the long mode is ``python -m faults --kills 200``."""

import pytest

from faults.kills import Kill, drawn, tried

CHAIN = [
    Kill(0, "worker", "SIGKILL", "began", 1, 0.0),
    Kill(0, "server", "SIGTERM", "unit", 1, 0.1),
    Kill(0, "parent", "SIGTERM", "checkpoint", 1, 0.0),
    Kill(0, "parent", "SIGKILL", "trained", 1, 0.0),
    Kill(0, "group", "SIGINT", "scored", 1, 0.0),
]


@pytest.mark.run
def test_a_command_killed_anywhere_goes_on_to_the_verdict_of_one_that_never_was(grid, tmp_path):
    chain = tried(grid, CHAIN, tmp_path / "chain", tmp_path / "faults.jsonl")
    assert chain.faults == []
    assert chain.kills == CHAIN
    assert len((tmp_path / "faults.jsonl").read_text().splitlines()) == len(CHAIN)


def test_a_chain_is_drawn_the_same_again_and_every_kind_of_kill_is():
    assert drawn(3) == drawn(3)
    kills = [kill for chain in range(50) for kill in drawn(chain)]
    assert len({(kill.target, kill.signal) for kill in kills}) == 12
