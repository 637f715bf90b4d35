"""Loads k8s_recall; what is asked and how stands in harness.suites.builders.k8s_recall."""

from collections.abc import Mapping
from typing import Any

from datasets import Dataset

from harness.suites import loading
from harness.suites.builders import k8s_recall
from harness.suites.manuals import kubernetes


def load(*, source: Mapping[str, str], **_metadata: Any) -> dict[str, Dataset]:
    """Return the splits train and test."""
    return loading.load(k8s_recall.build, pin=source, patterns=kubernetes.MEMBERS)
