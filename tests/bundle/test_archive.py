"""A stranger's archive is read within bounds: files alone, with plain names, inside the folder."""

import io
import lzma
import tarfile

import pytest

from harness.bundle import archive
from harness.bundle.archive import is_bundle, pack, unpack
from harness.errors import BundleError


def packed(*members):
    """Return an archive of members as a stranger may write them: a name, and a content or a kind of link."""
    tar = io.BytesIO()
    with tarfile.open(fileobj=tar, mode="w") as written:
        for name, content in members:
            info = tarfile.TarInfo(name)
            if isinstance(content, bytes):
                info.size = len(content)
                written.addfile(info, io.BytesIO(content))
            else:
                info.type, info.linkname = content.encode(), "/etc/passwd"
                written.addfile(info)
    return lzma.compress(tar.getvalue())


@pytest.fixture
def unpacked(tmp_path):
    """Unpack bytes into a new folder; return it with the names."""

    def unpacked(content):
        path, target = tmp_path / "given", tmp_path / "inside" / "target"
        path.write_bytes(content)
        target.mkdir(parents=True, exist_ok=True)
        return target, unpack(path, target)

    return unpacked


def test_files_come_back_as_they_were_packed(unpacked):
    files = {"a.json": b"{}", "cells/base--1/eval/" + "x" * 120 + ".jsonl": b"1\n" * 9, "empty": b""}
    target, names = unpacked(pack(files))
    assert names == list(files)
    assert {name: (target / name).read_bytes() for name in names} == files
    assert sorted(path.name for path in target.iterdir()) == ["a.json", "cells", "empty"]
    assert pack(files) == pack(dict(files))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (packed(("../out", b"x")), "names stay within a bundle"),
        (packed(("/out", b"x")), "names stay within a bundle"),
        (packed(("a/../../out", b"x")), "names stay within a bundle"),
        (packed((".hidden", b"x")), "names stay within a bundle"),
        (packed(("C:out", b"x")), "names stay within a bundle"),
        (packed(("a\x1b[2J", b"x")), "names stay within a bundle"),
        (packed(("a", b"x"), ("a", b"y")), "'a' twice"),
        (packed(("a", tarfile.SYMTYPE.decode())), "which is not a file"),
        (packed(("a", tarfile.LNKTYPE.decode())), "which is not a file"),
        (packed(("a", tarfile.FIFOTYPE.decode())), "which is not a file"),
        (packed(("a", tarfile.DIRTYPE.decode())), "which is not a file"),
        (pack({"a": b"x" * 5000})[:-20], "it was cut off"),
        (b"", "it was cut off"),
        (b"no archive", "it was cut off"),
        (lzma.compress(b"no tar" * 500), "it was cut off"),
        (packed(("a", b"x"), ("a/b", b"y")), "it was cut off"),
    ],
)
def test_anything_else_is_refused_and_nothing_outside_is_touched(unpacked, tmp_path, content, message):
    with pytest.raises(BundleError, match=message):
        unpacked(content)
    assert {path.name for path in tmp_path.iterdir()} == {"given", "inside"}
    assert {path.name for path in (tmp_path / "inside").iterdir()} == {"target"}


def test_what_would_fill_the_disk_is_not_read(unpacked, monkeypatch):
    monkeypatch.setattr(archive, "UNPACKED", 3 << 20)
    with pytest.raises(BundleError, match="would unpack to more than 3 MiB"):
        unpacked(pack({"bomb": bytes(8 << 20)}))
    monkeypatch.setattr(archive, "MOST_FILES", 2)
    with pytest.raises(BundleError, match="more than 2 files"):
        unpacked(pack(dict.fromkeys("abc", b"")))


def test_a_bundle_is_known_by_its_first_bytes(tmp_path):
    (tmp_path / "one").write_bytes(pack({"a": b""}))
    (tmp_path / "other.xz").write_bytes(b"no")
    assert is_bundle(tmp_path / "one")
    assert not any(map(is_bundle, (tmp_path / "other.xz", tmp_path, tmp_path / "nowhere")))
