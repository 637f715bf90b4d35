"""A bounded sample of clocks; the long mode is ``python -m faults --clocks -1``."""

import pytest

from faults.clocks import HOUR, Clock, tried


@pytest.mark.run
def test_a_clock_that_goes_back_again_and_again_loses_nothing(grid, tmp_path):
    told = tried(grid, Clock(-HOUR, every=7), tmp_path / "clock")
    assert told.outcome == "right", told.shown
