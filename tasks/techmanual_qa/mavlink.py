"""Loads mavlink_qa; what is asked and how stands in harness.suites.builders.mavlink_qa."""

from collections.abc import Mapping
from typing import Any

from datasets import Dataset

from harness.suites import loading
from harness.suites.builders import mavlink_qa
from harness.suites.manuals import mavlink


def load(*, source: Mapping[str, str], **_metadata: Any) -> dict[str, Dataset]:
    """Return the split test."""
    return loading.load(mavlink_qa.build, pin=source, patterns=mavlink.MEMBERS)
