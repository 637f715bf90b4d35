"""Loads the sets that live on the hub; how a row becomes a document stands in harness.questions.hub."""

from collections.abc import Mapping
from typing import Any

from datasets import Dataset

from harness.questions import benchmarks, hub

WHOLE = "train+validation+test"
"""Nothing of a manual is trained on, so all of its published splits are asked about."""


def manual(*, source: Mapping[str, str], **_metadata: Any) -> dict[str, Dataset]:
    """Return the split test."""
    return hub.tested_once(source, hub.manual, split=WHOLE)


def stack_overflow(*, source: Mapping[str, str], **_metadata: Any) -> dict[str, Dataset]:
    """Return the split test."""
    return hub.tested_once(source, hub.stack_overflow, split="train")


def medical_o1(*, source: Mapping[str, str], **_metadata: Any) -> dict[str, Dataset]:
    """Return the splits train and test, nine to one by a hash of the question."""
    return hub.divided(source, hub.medical_o1, test_share=0.1)


def alpaca(*, source: Mapping[str, str], **_metadata: Any) -> dict[str, Dataset]:
    """Return the splits train and test, nine to one by a hash of the instruction."""
    return hub.divided(source, hub.alpaca, test_share=0.1)


def medqa(*, source: Mapping[str, str], **_metadata: Any) -> dict[str, Dataset]:
    """Return the split test."""
    return hub.tested(source, hub.medqa, split="test")


def medmcqa(*, source: Mapping[str, str], **_metadata: Any) -> dict[str, Dataset]:
    """Return the split test: the published validation split, as the test split has no answers."""
    return hub.tested(source, hub.medmcqa, split="validation")


def mmlu(*, source: Mapping[str, str], **_metadata: Any) -> dict[str, Dataset]:
    """Return the split test."""
    return hub.tested(source, hub.mmlu, split="test")


def pubmedqa(*, source: Mapping[str, str], **_metadata: Any) -> dict[str, Dataset]:
    """Return the split test."""
    return hub.tested(source, hub.pubmedqa, split="train")


def case_hold(*, source: Mapping[str, str], **_metadata: Any) -> dict[str, Dataset]:
    """Return the splits train and test."""
    return hub.trained_and_tested(source, benchmarks.case_hold, test="test")


def unfair_tos(*, source: Mapping[str, str], recall: float, **_metadata: Any) -> dict[str, Dataset]:
    """Return the splits train and test; each document says which `recall` its score is to be taken at."""

    def document(row: hub.Row) -> hub.Document:
        return {**benchmarks.unfair_tos(row), "recall": recall}

    return hub.trained_and_tested(source, document, test="test")


def flashcards(*, source: Mapping[str, str], **_metadata: Any) -> dict[str, Dataset]:
    """Return the split test, the first document of each question: nothing of the set is trained on."""
    return hub.tested_once(source, benchmarks.flashcards, split="train")
