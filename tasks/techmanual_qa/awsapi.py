"""Loads awsapi_qa; what is asked and how stands in harness.suites.builders.awsapi_qa."""

from collections.abc import Mapping
from typing import Any

from datasets import Dataset

from harness.suites import loading
from harness.suites.builders import awsapi_qa
from harness.suites.manuals import botocore


def load(*, source: Mapping[str, str], **_metadata: Any) -> dict[str, Dataset]:
    """Return the split test."""
    return loading.load(awsapi_qa.build, pin=source, patterns=botocore.MEMBERS)
