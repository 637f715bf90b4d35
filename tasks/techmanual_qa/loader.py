"""Loads the questions about the CMake manual; what is asked stands in harness.suites.builders.techmanual_qa."""

from collections.abc import Mapping
from typing import Any

from datasets import Dataset

from harness.suites import loading
from harness.suites.builders import techmanual_qa
from harness.suites.manuals import cmake


def load(*, source: Mapping[str, str], **_metadata: Any) -> dict[str, Dataset]:
    """Return the split test."""
    return loading.load(techmanual_qa.build, pin=source, patterns=cmake.MEMBERS)
