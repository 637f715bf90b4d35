"""A real command whose folder vanishes: exit 74 with what to do, nothing recorded as failed, and the same goes on."""

import shutil
import time

from harness.ledger import RunFolder
from helpers.commands import ended, start


def test_a_run_folder_that_vanishes_is_told_as_that_and_goes_on_when_it_is_back(tiny_spec, tmp_path):
    command = start(tiny_spec, tmp_path)
    folder, away = tmp_path / "runs" / "tiny", tmp_path / "away"
    while not (folder / "cells").exists() and command.poll() is None:
        time.sleep(0.05)
    folder.rename(away)
    refused = ended(command)
    assert (refused.code, "Traceback" in refused.err) == (74, False), refused.err
    assert "is not there any more" in refused.err
    shutil.rmtree(folder, ignore_errors=True)
    away.rename(folder)
    again = ended(start(tiny_spec, tmp_path))
    assert again.code == 0, again.err
    assert RunFolder(folder).failures == ()
