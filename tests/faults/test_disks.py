"""A bounded sample of disks without room; the long mode is ``python -m faults --disks -1``."""

import pytest

from faults.disks import Room, can_mount, rooms, tried

SAMPLE = [
    Room(16, "kib"),
    Room(200, "kib"),
    Room(60, "files"),
    Room(3_000, "bytes of a file"),
    Room(30_000, "bytes of a file"),
]


@pytest.mark.run
@pytest.mark.parametrize("room", SAMPLE, ids=str)
def test_a_disk_without_room_is_told_as_that_and_the_same_command_goes_on(grid, tmp_path, room):
    if room.of != "bytes of a file" and not can_mount(tmp_path / "mounted"):
        pytest.skip("mounting a disk of a size takes a user who may")
    told = tried(grid, room, tmp_path / "disk")
    assert told.outcome == "named", told.shown


@pytest.mark.run
def test_every_size_lets_a_run_write_a_little_more(grid):
    found = rooms(grid)
    assert [each.room for each in found if each.of == "kib"][:3] == [4, 8, 12]
    assert len(set(found)) == len(found)
    assert rooms(grid, 5, seed=1) == rooms(grid, 5, seed=1)
