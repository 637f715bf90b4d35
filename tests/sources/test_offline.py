"""Forbidding downloads leaves the environment as it was."""

import os

from harness.sources.offline import without_downloads


def test_the_switches_are_set_meanwhile_and_put_back(monkeypatch):
    monkeypatch.setenv("HF_HUB_OFFLINE", "0")
    monkeypatch.delenv("HARNESS_OFFLINE", raising=False)
    with without_downloads():
        assert os.environ["HF_HUB_OFFLINE"] == os.environ["HARNESS_OFFLINE"] == "1"
    assert os.environ["HF_HUB_OFFLINE"] == "0"
    assert "HARNESS_OFFLINE" not in os.environ
