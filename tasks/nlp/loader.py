"""Loads benchmarks of the hub to train on and to score; their rows are made in harness.questions.benchmarks.

Test splits without published labels are passed over: the validation split is what is scored.
"""

from collections.abc import Mapping
from typing import Any

from datasets import Dataset

from harness.questions import benchmarks, hub


def sst2(*, source: Mapping[str, str], **_metadata: Any) -> dict[str, Dataset]:
    """Return the splits train and test, the published validation split."""
    return hub.trained_and_tested(source, benchmarks.sst2, test="validation")


def mnli(*, source: Mapping[str, str], **_metadata: Any) -> dict[str, Dataset]:
    """Return the splits train and test, the published matched validation split."""
    return hub.trained_and_tested(source, benchmarks.mnli, test="validation_matched")


def boolq(*, source: Mapping[str, str], **_metadata: Any) -> dict[str, Dataset]:
    """Return the splits train and test, the published validation split."""
    return hub.trained_and_tested(source, benchmarks.boolq, test="validation")


def squad2(*, source: Mapping[str, str], **_metadata: Any) -> dict[str, Dataset]:
    """Return the splits train and test, the published validation split."""
    return hub.trained_and_tested(source, benchmarks.squad2, test="validation")


def xsum(*, source: Mapping[str, str], **_metadata: Any) -> dict[str, Dataset]:
    """Return the splits train and test."""
    return hub.trained_and_tested(source, benchmarks.xsum, test="test")


def conll2003(*, source: Mapping[str, str], **_metadata: Any) -> dict[str, Dataset]:
    """Return the splits train and test."""
    return hub.trained_and_tested(source, benchmarks.conll2003, test="test")


def mmlu(*, source: Mapping[str, str], **_metadata: Any) -> dict[str, Dataset]:
    """Return the splits train, the published auxiliary training split, and test."""
    return hub.trained_and_tested(source, benchmarks.mmlu, train="auxiliary_train", test="test")
