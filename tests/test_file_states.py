"""A file is known again by its times where these can be believed, and by its content everywhere else."""

import os
import time
from dataclasses import replace

import pytest

from harness import file_states
from harness.file_states import checked, file_state, renewed

LONG_AGO = 1_600_000_000


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "q.json"
    path.write_bytes(b"[1, 2, 3]")
    return path


@pytest.fixture
def settled(file):
    """The file's state as it is once two seconds have gone by, without waiting for them."""
    state = checked(file)
    return replace(state, believed=True)


def test_what_was_written_a_moment_ago_is_not_known_by_its_times(file):
    assert not checked(file).believed
    os.utime(file, (LONG_AGO, LONG_AGO))
    assert not checked(file).believed  # the inode has just changed, and no program can set that back
    assert file_state(file).settled(time.time_ns() + 3 * file_states.SETTLES)


def test_a_change_that_leaves_size_and_times_is_noticed_where_the_times_are_not_believed(file, monkeypatch):
    state = checked(file)
    file.write_bytes(b"[1, 2, 4]")
    monkeypatch.setattr(file_states, "file_state", lambda _: replace(state, sha256=None))  # a coarse clock
    assert renewed(state) is None


def test_times_in_the_future_are_not_believed_after_a_clock_that_went_back(file):
    ahead = time.time() + 86_400
    os.utime(file, (ahead, ahead))
    assert not file_state(file).settled(time.time_ns() + 3 * file_states.SETTLES)


def test_a_believed_file_is_not_read_again(file, settled, monkeypatch):
    monkeypatch.setattr(file_states, "file_sha256", lambda _: pytest.fail("it was read"))
    assert renewed(settled) == settled


def test_a_file_in_its_place_with_its_size_and_time_of_change_is_noticed(file, settled):
    before = file.stat()
    file.write_bytes(b"[1, 2, 4]")
    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert renewed(settled) is None


def test_a_file_that_was_touched_or_copied_is_read_and_known(file, settled, tmp_path):
    os.utime(file, (LONG_AGO, LONG_AGO))
    assert renewed(settled).sha256 == settled.sha256
    (tmp_path / "other").write_bytes(file.read_bytes())
    (tmp_path / "other").replace(file)
    found = renewed(settled)
    assert found.sha256 == settled.sha256
    assert found.inode != settled.inode


def test_what_comes_and_what_goes_is_noticed(file, settled, tmp_path):
    file.unlink()
    assert renewed(settled) is None
    missing = file_state(tmp_path / "missing")
    assert missing.absent
    assert renewed(missing) == missing
    (tmp_path / "missing").write_text("")
    assert renewed(missing) is None


def test_what_is_no_regular_file_is_refused(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(OSError, match="not a regular file"):
        checked(tmp_path / "pipe")


def test_a_file_is_read_once_a_process_and_again_when_it_has_changed(file, settled, monkeypatch):
    monkeypatch.setattr(file_states, "_read", {str(file): settled})
    with monkeypatch.context() as patched:
        patched.setattr(file_states, "file_sha256", lambda _: pytest.fail("it was read"))
        assert file_states.read_once(file).sha256 == settled.sha256
    file.write_bytes(b"[1, 2, 4]")
    changed = file_states.read_once(file)
    assert (changed.size, changed.sha256 == settled.sha256, changed.believed) == (settled.size, False, False)
    file.unlink()
    assert file_states.read_once(file).absent
