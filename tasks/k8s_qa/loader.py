"""Loads the Kubernetes questions; what is asked and how stands in harness.suites.builders.k8s_qa."""

from collections.abc import Mapping
from typing import Any

from datasets import Dataset

from harness.suites import loading
from harness.suites.builders import k8s_qa
from harness.suites.manuals import kubernetes


def load(*, source: Mapping[str, str], **_metadata: Any) -> dict[str, Dataset]:
    """Return the splits train, validation and test."""
    return loading.load(k8s_qa.build, pin=source, patterns=kubernetes.MEMBERS)
