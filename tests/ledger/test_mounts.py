"""Network file systems are told where the system has a table of what is mounted."""

import pytest

from harness.ledger import mounts
from harness.ledger.mounts import advice, network_mount

TABLE = r"""22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw
31 22 0:40 / {here} rw,relatime shared:2 - nfs4 server:/home rw,vers=4.2,local_lock=all
32 31 8:2 / {here}/scratch rw - xfs /dev/sdb1 rw
33 31 0:50 / {here}/with\040blank rw,nosuid shared:9 master:1 - fuse.sshfs me@there:/ rw,user_id=0
34 31 0:51 / {here}/portal rw - fuse.portal portal rw
35 31 0:52 / {here}/over rw - cifs //a/b rw
36 31 8:3 / {here}/over rw - ext4 /dev/sdc1 rw
half a line
"""


@pytest.fixture
def table(tmp_path):
    path = tmp_path / "mountinfo"
    path.write_text(TABLE.replace("{here}", str(tmp_path / "here")))
    return path


@pytest.mark.parametrize(
    ("folder", "said"),
    [
        ("here/runs/gap", "nfs4, local_lock=all"),
        ("here/scratch/runs", None),
        ("here/with blank/runs", "fuse.sshfs"),
        ("here/portal", None),
        ("here/over", None),
        ("heretic", None),
    ],
)
def test_the_nearest_mount_says_what_a_folder_lies_on(tmp_path, table, folder, said):
    found = network_mount(tmp_path / folder, table)
    assert (None if found is None else str(found)) == said


def test_a_link_is_followed_and_a_system_without_a_table_tells_nothing(tmp_path, table):
    (tmp_path / "here").mkdir()
    (tmp_path / "runs").symlink_to(tmp_path / "here")
    assert network_mount(tmp_path / "runs" / "gap", table) is not None
    assert network_mount(tmp_path / "here", tmp_path / "none") is None


def test_what_is_said_of_it_names_the_remedy(tmp_path, table, monkeypatch):
    monkeypatch.setattr(mounts, "_TABLE", table)
    said = advice(tmp_path / "here", by_heartbeat=False)
    assert said is not None
    assert "nfs4, local_lock=all" in said
    assert "execute.shared_folder" in said
    assert advice(tmp_path / "here", by_heartbeat=True) is None
    assert advice(tmp_path / "elsewhere", by_heartbeat=False) is None
