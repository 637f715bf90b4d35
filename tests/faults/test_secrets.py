"""What stands in the environment of a run stands in none of its files."""

import pytest

from faults.grid import RUN, SECRETS


@pytest.mark.run
def test_no_file_of_a_run_folder_holds_what_the_environment_did(grid):
    files = [path for path in (grid.folder / RUN).rglob("*") if path.is_file()]
    assert {"spec.lock.json", "journal.jsonl", "log.txt", "unit.json"} <= {path.name for path in files}
    assert [path for path in files if any(each.encode() in path.read_bytes() for each in SECRETS.values())] == []
    assert not any(each in grid.printed for each in SECRETS.values())
