"""Wheels are verified before they are unpacked, and cached whole."""

import hashlib
import io
import subprocess
import sys
import tarfile
import zipfile

import pytest

from harness.errors import HarnessError, SourceError
from harness.sources import wheel
from harness.sources.wheel import Wheel, members

NAME = "tinydocs-1.0-py3-none-any.whl"


@pytest.fixture
def published(tmp_path, monkeypatch):
    """A wheel in a folder that pip is configured to look in; the cache is empty."""
    index = tmp_path / "index"
    index.mkdir()
    with zipfile.ZipFile(index / NAME, "w") as archive:
        archive.writestr("tinydocs/a.txt", "one")
        archive.writestr("tinydocs/b.rst", "two")
        archive.writestr("tinydocs-1.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: tinydocs\nVersion: 1.0\n")
        archive.writestr(
            "tinydocs-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        archive.writestr("tinydocs-1.0.dist-info/RECORD", "")
    monkeypatch.setenv("HARNESS_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("PIP_FIND_LINKS", str(index))
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    return hashlib.sha256((index / NAME).read_bytes()).hexdigest()


def test_only_the_members_asked_for_are_unpacked(published):
    folder = members(Wheel("tinydocs", "1.0", published), ["tinydocs/*.txt"])
    assert {path.name for path in folder.rglob("*") if path.is_file()} == {"a.txt", ".checksums.json"}
    assert (folder / "tinydocs" / "a.txt").read_text() == "one"


def test_the_second_time_nothing_is_downloaded(published, monkeypatch):
    first = members(Wheel("tinydocs", "1.0", published), ["tinydocs/*"])
    monkeypatch.setattr(wheel, "_download", lambda *_: pytest.fail("downloaded again"))
    monkeypatch.setenv("HARNESS_OFFLINE", "1")
    assert members(Wheel("tinydocs", "1.0", published), ["tinydocs/*"]) == first


def test_another_checksum_is_refused_with_both_and_nothing_is_kept(published, tmp_path):
    with pytest.raises(SourceError, match=published) as refused:
        members(Wheel("tinydocs", "1.0", "0" * 64), ["tinydocs/*"])
    assert "0" * 64 in str(refused.value)
    assert not list((tmp_path / "cache").rglob("*.txt"))


def test_a_member_that_is_not_there_is_named(published):
    with pytest.raises(SourceError, match=r"tinydocs==1\.0.*nothing/\*"):
        members(Wheel("tinydocs", "1.0", published), ["nothing/*"])


def test_offline_with_a_cold_cache_says_what_is_missing(published, monkeypatch):
    monkeypatch.setenv("HARNESS_OFFLINE", "1")
    with pytest.raises(SourceError, match=r"tinydocs==1\.0 is not in the cache.*HARNESS_OFFLINE"):
        members(Wheel("tinydocs", "1.0", published), ["*"])


def test_a_registry_without_the_package_is_a_clear_error(published):
    with pytest.raises(SourceError, match=r"tinydocs==9\.9 could not be downloaded with pip"):
        members(Wheel("tinydocs", "9.9", published), ["*"])


@pytest.mark.parametrize(
    ("last", "kind"),
    [
        ("OSError: [Errno 28] No space left on device: 'a' -> '{scratch}/a'", "no_space"),
        ("OSError: [Errno 28] No space left on device", "no_space"),
        ("PermissionError: [Errno 13] Permission denied: '{scratch}/a'", "permission"),
        ("ERROR: [Errno 13] Permission denied: '/etc/pip.conf'", None),
        ("ERROR: [Errno 111] Connection refused", None),
    ],
)
def test_a_disk_that_refuses_what_pip_writes_is_told_as_that_and_not_as_the_network(published, monkeypatch, last, kind):
    def said(command, **_):
        scratch = command[command.index("--dest") + 1]
        return subprocess.CompletedProcess(command, 1, "", f"{last.format(scratch=scratch)}\n")

    monkeypatch.setattr(wheel.subprocess, "run", said)
    with pytest.raises(HarnessError, match="could not be downloaded with pip") as refused:
        members(Wheel("tinydocs", "1.0", published), ["*"])
    assert getattr(refused.value, "kind", None) == kind
    assert ("Check the network" in str(refused.value)) == (kind is None)
    assert ("HARNESS_CACHE" in str(refused.value)) == (kind is not None)


def test_nothing_of_a_wheel_is_imported(published):
    members(Wheel("tinydocs", "1.0", published), ["*"])
    assert not [name for name in sys.modules if name.startswith("tinydocs")]


@pytest.mark.parametrize(
    "wrong",
    [
        {"package": "evil @ file:///tmp/evil#"},
        {"package": "--report=/tmp/report"},
        {"package": "../../elsewhere"},
        {"package": "tinydocs\n-e ."},
        {"version": "*"},
        {"version": "1.0 --hash=sha256:0"},
        {"sha256": "0" * 64 + "\n--no-binary :all:"},
        {"platform": "--report"},
        {"python": "-r"},
    ],
)
def test_what_is_no_name_never_reaches_pip(published, monkeypatch, wrong):
    monkeypatch.setattr(wheel.subprocess, "run", lambda *_, **__: pytest.fail("pip was called"))
    with pytest.raises(SourceError, match=f"its {next(iter(wrong))} .* cannot be one"):
        Wheel(**({"package": "tinydocs", "version": "1.0", "sha256": published} | wrong))


def test_a_package_that_would_have_to_be_built_is_not_fetched(tmp_path, published, monkeypatch):
    index, ran = tmp_path / "index", tmp_path / "ran"
    with tarfile.open(index / "built-1.0.tar.gz", "w:gz") as archive:
        for name, text in (
            ("setup.py", f"open({str(ran)!r}, 'w')"),
            ("PKG-INFO", "Metadata-Version: 2.1\nName: built\nVersion: 1.0\n"),
        ):
            member = tarfile.TarInfo(f"built-1.0/{name}")
            member.size = len(text)
            archive.addfile(member, io.BytesIO(text.encode()))
    digest = hashlib.sha256((index / "built-1.0.tar.gz").read_bytes()).hexdigest()
    with pytest.raises(SourceError, match="could not be downloaded"):
        members(Wheel("built", "1.0", digest), ["*"])
    assert not ran.exists()


def test_a_member_that_would_fill_the_disk_is_not_unpacked(tmp_path, published):
    path = tmp_path / "index" / "bomb-1.0-py3-none-any.whl"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("bomb/zeros", bytes(wheel.UNPACKED + 1))
        archive.writestr("bomb-1.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: bomb\nVersion: 1.0\n")
        archive.writestr("bomb-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        archive.writestr("bomb-1.0.dist-info/RECORD", "")
    with pytest.raises(SourceError, match="Nothing was unpacked"):
        members(Wheel("bomb", "1.0", hashlib.sha256(path.read_bytes()).hexdigest()), ["bomb/*"])
    assert not list((tmp_path / "cache").rglob("zeros"))
