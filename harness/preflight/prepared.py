"""What preparing an experiment found: a record that the scheduling process reads without the heavy libraries."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from harness.records import Screening


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """Model, data and suites are in the cache, and the training rows are those that `data_sha256` says.

    `rows` counts them, `threads` is what torch computes with, `versions` are those of the libraries that train and
    score, by package.
    """

    model_fingerprint: str
    data_sha256: str
    rows: int
    screening: Screening
    device: str
    threads: int
    versions: Mapping[str, str]
    stage_sha256: Mapping[str, str] = field(default_factory=dict)
    """Hashes of the rows of stages with data of their own, by `harness.plan.identity.data_key`."""
