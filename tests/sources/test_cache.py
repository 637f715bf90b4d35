"""A folder of the cache appears whole, is held to what was put into it, and what is wrong with it is said to be its."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from harness import file_states
from harness.errors import CacheDamageError, SourceError, StorageError
from harness.file_states import NOTE
from harness.sources import cache
from harness.sources.cache_check import entries
from harness.sources.checksums import damages, has_checksums


@pytest.fixture(autouse=True)
def root(tmp_path, monkeypatch):
    monkeypatch.setenv("HARNESS_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


def fill(target):
    (target / "deep").mkdir()
    (target / "test.jsonl").write_text('{"answer": 1}\n')
    (target / "deep" / "train.jsonl").write_text('{"answer": 2}\n')


def suite():
    return cache.folder("suites", "sums-1.0-abc", fill=fill)


def never(_target):
    raise AssertionError("it was filled again")


def flip(path):
    content = bytearray(path.read_bytes())
    content[3] ^= 1
    path.write_bytes(content)


DAMAGES = {
    "a flipped bit": (lambda f: flip(f / "test.jsonl"), "test.jsonl does not hold what was put there"),
    "an empty file": (lambda f: (f / "test.jsonl").write_text(""), "test.jsonl does not hold"),
    "a file that is gone": (lambda f: (f / "deep" / "train.jsonl").unlink(), "train.jsonl is not there any more"),
    "one more file": (lambda f: (f / "validation.jsonl").write_text("{}"), "validation.jsonl was not put there"),
    "a cut note": (lambda f: (f / NOTE).write_text("{"), f"{NOTE} cannot be read"),
    "a link to elsewhere": (lambda f: relinked(f / "test.jsonl"), "test.jsonl does not hold"),
}


def relinked(path):
    path.unlink()
    path.symlink_to("/dev/null")


@pytest.mark.parametrize("read", [True, False])
@pytest.mark.parametrize("kind", DAMAGES)
def test_damage_is_named_as_the_caches_with_the_remedy_and_nothing_is_used(kind, read):
    change, words = DAMAGES[kind]
    folder = suite()
    assert cache.folder("suites", "sums-1.0-abc", fill=never) == folder
    change(folder)
    with pytest.raises(CacheDamageError) as damaged:
        cache.folder("suites", "sums-1.0-abc", fill=never, read=read)
    assert isinstance(damaged.value, SourceError)
    assert "the cache is damaged, which is no fault of a spec's or task's" in str(damaged.value)
    assert words in str(damaged.value)
    assert f"Remove the folder {folder}" in str(damaged.value)
    assert [each.state for each in entries()] == ["damaged"]


def test_a_folder_that_was_removed_is_filled_again():
    folder = suite()
    flip(folder / "test.jsonl")
    subprocess.run(["rm", "-r", str(folder)], check=True)
    assert suite() == folder


def test_large_files_are_read_once_and_then_known_by_size_times_and_inode(monkeypatch):
    folder = suite()
    later = time.time_ns() + 2 * file_states.SETTLES
    monkeypatch.setattr(file_states.time, "time_ns", lambda: later)
    assert damages(folder, read=False) == []  # read, since they were written a moment before their checksums
    monkeypatch.setattr(file_states, "file_sha256", lambda path: pytest.fail(f"{path} was read"))
    assert damages(folder, read=False) == []


def test_a_whole_cache_may_be_copied(root, tmp_path, monkeypatch):
    suite()
    subprocess.run(["cp", "-r", str(root), str(tmp_path / "elsewhere")], check=True)
    monkeypatch.setenv("HARNESS_CACHE", str(tmp_path / "elsewhere"))
    assert cache.folder("suites", "sums-1.0-abc", fill=never) == tmp_path / "elsewhere" / "suites" / "sums-1.0-abc"


def test_a_folder_of_an_earlier_version_is_held_to_what_it_is_at_its_next_use():
    folder = suite()
    (folder / NOTE).unlink()
    assert [each.state for each in entries()] == ["unproven"]
    assert not has_checksums(folder)
    suite()
    flip(folder / "test.jsonl")
    with pytest.raises(CacheDamageError):
        suite()


KILLED = """
import os, signal, sys
from pathlib import Path
from harness.sources import cache

def fill(target):
    (target / "half").write_text("x")
    os.kill(os.getpid(), signal.SIGKILL)

cache.folder("suites", "sums-1.0-abc", fill=fill)
"""


def test_what_a_killed_process_left_is_named_and_cleared_by_the_next(root):
    done = subprocess.run([sys.executable, "-c", KILLED], check=False, env=os.environ)
    assert done.returncode < 0
    (left,) = [each for each in entries() if each.state == "left over"]
    assert Path(left.path / "half").exists()
    suite()
    assert [each.state for each in entries()] == ["whole"]
    assert not left.path.exists()


def test_a_folder_that_is_being_filled_is_not_called_left_over():
    def looking(target):
        fill(target)
        assert [each.state for each in entries()] == ["being filled"]

    cache.folder("suites", "sums-1.0-abc", fill=looking)


def test_what_is_not_harnesss_is_named(root):
    suite()
    (root / "photos").mkdir()
    (root / "photos" / "a.jpg").write_bytes(b"123")
    (root / "suites" / "notes.txt").write_text("x")
    (root / "calibration").mkdir()
    found = {each.path.name: each for each in entries()}
    assert {name: each.state for name, each in found.items()} == {
        "photos": "foreign",
        "notes.txt": "foreign",
        "sums-1.0-abc": "whole",
    }
    assert found["photos"].bytes == 3


def test_a_cache_that_cannot_be_made_is_told_with_the_remedy(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("HARNESS_CACHE", str(tmp_path / "file"))
    with pytest.raises(StorageError, match="HARNESS_CACHE"):
        suite()
