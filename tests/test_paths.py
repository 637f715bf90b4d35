"""Files are read where they are files, and no further than is said."""

import hashlib
import os

import pytest

from harness.paths import LARGEST_DATA, file_sha256, read_regular


def test_a_small_file_is_read_whole_however_much_may_be_read(tmp_path):
    path = tmp_path / "rows.jsonl"
    path.write_bytes(b"abc")
    assert read_regular(path, LARGEST_DATA) == b"abc"
    assert read_regular(path, 3) == b"abc"


def test_a_larger_file_and_a_pipe_are_refused(tmp_path):
    path = tmp_path / "rows.jsonl"
    path.write_bytes(b"abc")
    with pytest.raises(OSError, match="larger than"):
        read_regular(path, 2)
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(OSError, match="not a regular file"):
        read_regular(tmp_path / "pipe")


def test_the_checksum_is_of_the_files_bytes(tmp_path):
    path = tmp_path / "rows.jsonl"
    path.write_bytes(b"abc\n" * 100_000)
    assert file_sha256(path) == hashlib.sha256(path.read_bytes()).hexdigest()
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(OSError, match="not a regular file"):
        file_sha256(tmp_path / "pipe")
