"""Pinned wheels as a source of real models and real documentation.

A wheel is downloaded alone (none of its dependencies) with pip as the user's machine configures it: by name, exact
version and SHA-256, in pip's hash-checking mode and binaries only, so that nothing is built. The members asked for
are unpacked into the cache. Nothing of it is imported or run.
"""

import hashlib
import os
import re
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterable
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

from harness.errors import HarnessError, NotInCacheError, SourceError
from harness.names import PACKAGE, SHA256, TAG, VERSION, wrong
from harness.paths import file_sha256
from harness.sources import cache
from harness.storage import ANYWHERE, kind_of, refused
from harness.witness import vouched

MOST_MEMBERS = 200_000
UNPACKED = 64 << 20
RATIO = 40
"""What is unpacked at most, in bytes, unless it is no more than so many times what it was packed: text packs to a
tenth, a bomb to a thousandth, and the files of a model are large as they are."""


@dataclass(frozen=True, slots=True)
class Wheel:
    """One file of one release on PyPI.

    `sha256` is the wheel's. `platform` names the build for a package that has several (pip's tag), so that every
    machine reads the same bytes whatever it runs on; `python` (``3.11``) does so for builds of one Python version.
    """

    package: str
    version: str
    sha256: str
    platform: str | None = None
    python: str | None = None

    def __post_init__(self) -> None:
        """Refuse what cannot be the name of a package, a version or a checksum: all of it goes into a command."""
        given = {"package": PACKAGE, "version": VERSION, "sha256": SHA256, "platform": TAG, "python": TAG}
        values = {field: getattr(self, field) for field in given}
        bad = [
            f"its {field} {value!r} cannot be one: it is {allowed}"
            for field, value in values.items()
            if value is not None and (allowed := wrong(given[field], str(value)))
        ]
        if bad:
            raise SourceError(f"no wheel can be fetched: {'; '.join(bad)}.")

    def __str__(self) -> str:
        """``package==version``."""
        return f"{self.package}=={self.version}"


def members(wheel: Wheel, patterns: Iterable[str]) -> Path:
    """Return a folder that holds the members of `wheel` whose names match any of the glob `patterns`.

    Raises `SourceError` when the wheel cannot be downloaded, is not the pinned one, or holds no such member.
    """
    wanted = tuple(patterns)
    digest = hashlib.sha256("\n".join((wheel.sha256, *wanted)).encode()).hexdigest()[:12]
    name = f"{wheel.package}-{wheel.version}-{digest}"

    def fill(target: Path) -> None:
        with tempfile.TemporaryDirectory(prefix=f"{target.name}.", dir=target.parent) as scratch:
            _unpack(_download(wheel, Path(scratch)), wheel, wanted, target)

    return cache.folder("wheels", name, fill=fill)


def _download(wheel: Wheel, scratch: Path) -> Path:
    if os.environ.get("HARNESS_OFFLINE"):
        raise NotInCacheError(
            str(wheel),
            f"{wheel} is not in the cache ({cache.root()}) and HARNESS_OFFLINE is set. "
            "Run once with the package registry reachable, or copy the cache folder of a machine that has.",
        )
    pinned = scratch / "requirements.txt"
    pinned.write_text(f"{wheel} --hash=sha256:{wheel.sha256}\n", encoding="utf-8")
    command = [sys.executable, "-P", "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary", ":all:"]
    command += ["--require-hashes", "--requirement", str(pinned)]
    if wheel.platform:
        command += ["--platform", wheel.platform]
    if wheel.python:
        command += ["--python-version", wheel.python]
    with vouched():  # what comes is held against the pinned checksum
        done = subprocess.run(  # noqa: S603 - a fixed command, arguments without a shell
            [*command, "--dest", str(scratch)],
            capture_output=True,
            text=True,
            check=False,
        )
    files = sorted(scratch.glob("*.whl"))
    got = re.search(r"\bGot\s+([0-9a-f]{64})\b", done.stderr)
    if got is not None:
        raise _other_bytes(wheel, "registry's file", got[1])
    if done.returncode or not files:
        said = [line.strip() for line in done.stderr.splitlines() if line.strip()]
        raise _not_downloaded(wheel, said[-1] if said else "no wheel came", scratch)
    return files[0]


def _not_downloaded(wheel: Wheel, reason: str, scratch: Path) -> HarnessError:
    """Return the error for what pip says last: the disk's where it could not write, else the network's."""
    failed = f"{wheel} could not be downloaded with pip: {reason}."
    kind = kind_of(OSError(reason))
    if kind in ANYWHERE or (kind is not None and str(scratch) in reason):
        where = f"pip writes into the cache {cache.root()} (HARNESS_CACHE) and the temporary folder (TMPDIR)."
        return refused(kind, f"{failed} {where}")
    return SourceError(
        f"{failed} It is not in the cache ({cache.root()}) either. "
        "Check the network and pip's configuration, or copy the cache folder of a machine that has it."
    )


def _unpack(path: Path, wheel: Wheel, wanted: tuple[str, ...], target: Path) -> None:
    found = file_sha256(path)
    if found != wheel.sha256:
        raise _other_bytes(wheel, f"downloaded wheel {path.name}", found)
    with zipfile.ZipFile(path) as archive:
        names = [name for name in archive.namelist() if any(fnmatchcase(name, each) for each in wanted)]
        if not names:
            raise SourceError(f"{wheel}: no member of the wheel matches {', '.join(wanted)}.")
        _check_size(archive, names, wheel)
        archive.extractall(target, names)


def _other_bytes(wheel: Wheel, what: str, found: str) -> SourceError:
    return SourceError(
        f"{wheel}: the {what} has SHA-256 {found}, pinned is {wheel.sha256}. "
        "Nothing of it was unpacked; check the pin or the registry it came from."
    )


def _check_size(archive: zipfile.ZipFile, names: Iterable[str], wheel: Wheel) -> None:
    """Refuse what would fill the disk: what an archive says of its sizes is what `zipfile` unpacks at most."""
    whole = archive.namelist()
    sizes = [archive.getinfo(name).file_size for name in names]
    packed = sum(archive.getinfo(name).compress_size for name in names)
    if len(whole) > MOST_MEMBERS:
        raise SourceError(f"{wheel}: the wheel has {len(whole):,} members, and {MOST_MEMBERS:,} are read at most.")
    if sum(sizes) > max(UNPACKED, RATIO * packed):
        raise SourceError(
            f"{wheel}: {packed:,} bytes of the wheel would unpack to {sum(sizes):,}: more than {UNPACKED >> 20} MiB "
            f"and more than {RATIO} times as much. Nothing was unpacked."
        )
