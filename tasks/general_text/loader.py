"""Loads the general texts; how they are chosen stands in harness.suites.builders.general_text."""

from collections.abc import Mapping
from typing import Any

from datasets import Dataset

from harness.suites import loading
from harness.suites.builders import general_text


def load(*, source: Mapping[str, str], **_metadata: Any) -> dict[str, Dataset]:
    """Return the split test."""
    return loading.load(general_text.build, pin=source, patterns=general_text.MEMBERS)
