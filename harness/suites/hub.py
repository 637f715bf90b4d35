"""The old path of `harness.questions.hub`, which the loader of the shipped hub tasks still names."""

from harness.questions.hub import *  # noqa: F403
