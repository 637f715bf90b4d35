"""A bounded sample of caches without room; the long mode is ``python -m faults --elsewhere -1``."""

import pytest

from faults.disks import can_mount
from faults.elsewhere import Elsewhere, elsewhere, tried

SAMPLE = [
    Elsewhere("cache", 8, "kib"),
    Elsewhere("cache", 212, "kib"),
    Elsewhere("cache", 12, "files"),
]


@pytest.fixture(scope="module")
def beside(tmp_path_factory):
    return tmp_path_factory.mktemp("beside")


@pytest.mark.run
@pytest.mark.parametrize("fault", SAMPLE, ids=str)
def test_a_cache_without_room_is_told_with_where_it_is_and_the_same_command_goes_on(beside, tmp_path, fault):
    if not can_mount(tmp_path / "mounted"):
        pytest.skip("mounting a disk of a size takes a user who may")
    told = tried(beside, fault, tmp_path / "elsewhere")
    assert told.outcome == "named", told.shown


@pytest.mark.run
def test_every_size_of_a_cache_is_tried_and_of_a_temporary_folder(beside):
    found = elsewhere(beside)
    assert [each.room for each in found if (each.place, each.of) == ("cache", "kib")][:3] == [4, 8, 12]
    assert {each.place for each in found} == {"cache", "temporary"}
    assert len(set(found)) == len(found)
    assert elsewhere(beside, 5, seed=1) == elsewhere(beside, 5, seed=1)
