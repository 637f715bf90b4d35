"""Loads the questions about the world; how they are made stands in harness.suites.builders.world_facts."""

from collections.abc import Mapping
from typing import Any

from datasets import Dataset

from harness.suites import loading
from harness.suites.builders import world_facts


def load(*, source: Mapping[str, str], **_metadata: Any) -> dict[str, Dataset]:
    """Return the split test."""
    return loading.load(world_facts.build, pin=source, patterns=world_facts.MEMBERS)
