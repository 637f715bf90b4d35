"""One suite's scores of one trained model, item by item, with what is known of how they were made."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from harness.compare.tidy import UNKNOWN_MODEL

Key = tuple[str, str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoredItem:
    """One item's score. Items of two models pair by `key`; `doc_id` is what a user finds the item by.

    `answer` is a digest of what the model answered (log-likelihoods, or a text), None where a source does not have it:
    runs that answer the same on all items are one run. `value` is what a score over all items at once is made of; such
    an item has no score of its own, and `score` is 0. `options` is how many answers a multiple-choice item has, and
    `accuracy` whether the right one was chosen; None where a source does not have them.
    """

    key: Key
    doc_id: int | str
    score: float
    cluster: str | None = None
    answer: str | None = None
    value: Any = None
    options: int | None = None
    accuracy: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoreFile:
    """Where a suite's scores were read, and what is known of how they were made; None where it is not.

    `settings` are other settings that have a part in the scores, as texts, by name; `dtype` is the model's. `recorded`
    is the score that the program that scored made of all items, `recorded_items` how many it scored. `tabled` says that
    the scores are rows of a table, which tells nothing of how they were made and was not to.
    """

    path: Path
    version: str | None = None
    shots: int | None = None
    batch_size: str | None = None
    higher_is_better: bool | None = None
    model: str = UNKNOWN_MODEL
    settings: Mapping[str, str] = field(default_factory=dict)
    dtype: str | None = None
    recorded: float | None = None
    recorded_items: int | None = None
    note: str | None = None
    tabled: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoredSuite:
    """One suite's items of one trained model, in any order, with the file that they are from.

    `whole` names lm-eval's aggregation where the score is none of an item and all of them make it.
    """

    file: ScoreFile
    items: list[ScoredItem]
    whole: str | None = None
