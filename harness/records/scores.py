"""What was measured of a model: its scores on a suite, what a diagnostic found, how fast it answers."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from harness import names
from harness.records.values import JSON
from harness.trained import Artefact, FrozenPrefix


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluation:
    """One suite scored on one model. Paths are relative to the cell's folder.

    `metrics` are lm-eval's aggregates by their keys (``acc,none``); per-item scores are in the file `samples`.
    `seconds` leave out what `prefix` says that keeping took; that is None where lower layers were computed as ever.
    `files` are both files by path, none in records of before they were noted; `state_sha256` is the digest of the
    trained files that were scored, None for a model that was not trained.
    """

    task: str
    items: int
    metrics: Mapping[str, float]
    results: str
    samples: str
    scorer: str
    seconds: float
    prefix: FrozenPrefix | None = None
    files: Mapping[str, Artefact] = field(default_factory=dict)
    state_sha256: str | None = None

    def __post_init__(self) -> None:
        """Refuse a score that is not a number, and a file that is not in the cell's folder."""
        check_inside(self.task, (self.results, self.samples, *self.files))
        bad = {key: value for key, value in self.metrics.items() if not math.isfinite(value)}
        if bad:
            raise ValueError(f"{self.task}: a score must be finite, got {bad}")


def check_inside(whose: str, paths: Iterable[str]) -> None:
    """Raise `ValueError` where a path does not lie in the cell's folder."""
    if outside := [path for path in paths if not _is_inside(path)]:
        raise ValueError(f"{whose}: the file {outside[0]!r:.80} is not in the cell's folder")


def _is_inside(path: str) -> bool:
    parts = PurePosixPath(path)
    return not parts.is_absolute() and ".." not in parts.parts and not names.hidden(path)


@dataclass(frozen=True, slots=True, kw_only=True)
class Measurement:
    """What one diagnostic found out about a cell.

    `passed` is None where the diagnostic asserts nothing or does not apply; `value` is its one number where it has
    one; `details` are JSON values; `arrays` is the file, relative to the cell's folder, that holds its arrays.
    """

    name: str
    passed: bool | None = None
    value: float | None = None
    details: Mapping[str, JSON] = field(default_factory=dict)
    arrays: str | None = None

    def __post_init__(self) -> None:
        """Refuse a value that is not a number."""
        if self.value is not None and not math.isfinite(self.value):
            raise ValueError(f"{self.name}: a measurement must be finite, got {self.value}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Latency:
    """How fast a model answers at batch 1, medians of a few repeats.

    `forward_seconds` is one pass over a prompt of 128 tokens; `tokens_per_second` counts 32 tokens generated
    greedily after it, the prompt's pass included in the time.
    """

    forward_seconds: float
    tokens_per_second: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ServingLatency:
    """The latency of a cell's base, of its adapter on it, and of both merged; `not_merged` says why there is none."""

    base: Latency
    adapter: Latency
    merged: Latency | None = None
    not_merged: str | None = None
