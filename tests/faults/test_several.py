"""Two commands of one folder, one of them killed, with clocks an hour apart; the long mode is ``--runners 6``."""

import pytest

from faults.several import Runners, drawn, tried


@pytest.mark.run
def test_two_commands_share_a_run_though_one_is_killed_and_clocks_differ(grid, tmp_path):
    told = tried(grid, Runners(2, side_by_side=False, killed_at=(4,), behind=3600.0), tmp_path / "runners")
    assert told.outcome == "right", told.shown


def test_runners_are_drawn_the_same_again_in_every_way():
    found = drawn(6, (2, 4))
    assert found == drawn(6, (2, 4))
    assert {each.runners for each in found} == {2, 4}
    assert {each.side_by_side for each in found} == {True, False}
