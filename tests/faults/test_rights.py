"""A bounded sample of rights that are taken; the long mode is ``python -m faults --rights -1``."""

import shutil
from os import geteuid

import pytest

from faults.rights import Denied, tried


@pytest.mark.run
@pytest.mark.skipif(geteuid() == 0 and shutil.which("setpriv") is None, reason="root may do anything")
def test_a_folder_that_may_not_be_written_is_named_and_the_run_goes_on_when_it_may(grid, tmp_path):
    told = tried(grid, Denied("cell", "writing", "trained"), tmp_path / "denied")
    assert told.outcome == "named", told.shown


@pytest.mark.run
@pytest.mark.skipif(geteuid() == 0 and shutil.which("setpriv") is None, reason="root may do anything")
@pytest.mark.parametrize("what", ["result", "eval", "claims"])
def test_what_may_not_be_read_of_a_finished_cell_is_named_and_not_computed_again(grid, tmp_path, what):
    told = tried(grid, Denied(what, "reading", "finished"), tmp_path / "denied")
    assert told.outcome == "named", told.shown
