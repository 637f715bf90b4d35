"""What preparing an experiment found: a record that the scheduling process reads without the heavy libraries."""

from collections.abc import Mapping
from dataclasses import dataclass

from harness.plan.content import Content
from harness.records import Screening


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """Model, data and suites are in the cache, and they are what `content` says.

    `rows` counts the training rows, `threads` is what torch computes with, `versions` are those of the libraries that
    train and score, by package.
    """

    content: Content
    rows: int
    screening: Screening
    device: str
    threads: int
    versions: Mapping[str, str]
