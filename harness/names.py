"""What the names in a declaration may be, wherever they come from: each becomes part of a path or of a command.

A file of a stranger's may call a task ``../../x`` or a package ``--report=…``. Every name is held to what such a name
is, where it enters; what is behind that point takes names for what they are.
"""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath

from packaging.version import InvalidVersion, Version

LONGEST = 150
"""Characters; a file system takes 255 bytes, of which a time, a digest and an ending take some."""

_HIDDEN = frozenset({"Cc", "Cf", "Cs", "Co", "Zl", "Zp"})
"""Categories of characters that show nothing or steer a terminal: controls, formats, halves of characters."""


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of name: the pattern of all of it, and what that says in words."""

    pattern: re.Pattern[str]
    allowed: str


_WORD = r"[\w][\w .+()@-]*"

TASK = Kind(re.compile(_WORD), "letters, digits and _ . + - ( ) @, a letter, digit or _ first")
CELL = Kind(re.compile(r"[\w][\w .,+()@-]*"), "letters, digits and _ . , + - ( ) @, a letter, digit or _ first")
PACKAGE = Kind(
    re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?"),
    "letters and digits, and between them also . _ and -, as the registry has them",
)
VERSION = Kind(re.compile(r"[A-Za-z0-9][A-Za-z0-9.!+_-]*"), "one exact version, such as 1.2.3")
SHA256 = Kind(re.compile(r"[0-9a-f]{64}"), "64 hexadecimal digits in small letters")
TAG = Kind(re.compile(r"[A-Za-z0-9][A-Za-z0-9._]*"), "letters, digits, . and _, as in manylinux2014_x86_64")
HUB_ID = Kind(
    re.compile(r"[A-Za-z0-9_][\w.-]*(?:/[A-Za-z0-9_][\w.-]*)?"), "NAME or OWNER/NAME of letters, digits, . _ and -"
)
REVISION = Kind(re.compile(r"[A-Za-z0-9_][\w.-]*(?:/[\w.-]+)*"), "a commit, tag or branch")
MEMBER = Kind(re.compile(r"[^\\*?\[\]:]+"), "the path of one file inside the wheel, without .. and wildcards")


def wrong(kind: Kind, name: str) -> str | None:
    """Return what such a name may be where this one cannot be one, None where it can."""
    fits = kind.pattern.fullmatch(name) is not None and len(name) <= _longest(kind) and not hidden(name)
    return None if fits and _is_further(kind, name) else kind.allowed


def hidden(text: str) -> bool:
    """Tell whether a text holds characters that show nothing or steer a terminal."""
    if text.isascii() and text.isprintable():
        return False
    return any(unicodedata.category(character) in _HIDDEN for character in text)


def _longest(kind: Kind) -> int:
    return 4 * LONGEST if kind is MEMBER else LONGEST


def _is_further(kind: Kind, name: str) -> bool:
    """Tell what no pattern does: that a version is one, that a path stays where it is."""
    if kind is VERSION:
        return _is_version(name)
    if kind in (MEMBER, REVISION, HUB_ID):
        path = PurePosixPath(name)
        return ".." not in path.parts and not path.is_absolute() and path.as_posix() == name
    return name == name.strip()


def _is_version(name: str) -> bool:
    try:
        Version(name)
    except InvalidVersion:
        return False
    return True


OF_A_MODEL: Mapping[str, Mapping[str, Kind]] = {
    "pypi": {"package": PACKAGE, "version": VERSION, "member": MEMBER, "sha256": SHA256},
    "hub": {"id": HUB_ID, "revision": REVISION},
}
"""The names in a spec's `model` block, by its source."""
