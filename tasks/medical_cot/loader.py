"""Loads the diagnosis questions; how they are made stands in harness.suites.hpo and builders.medical_cot."""

from collections.abc import Mapping
from typing import Any

from datasets import Dataset

from harness.suites import loading
from harness.suites.builders import medical_cot


def load(*, source: Mapping[str, str], **_metadata: Any) -> dict[str, Dataset]:
    """Return the splits train and test; every document has a `rationale` beside the answer."""
    return loading.load(medical_cot.build, pin=source, patterns=medical_cot.MEMBERS)
