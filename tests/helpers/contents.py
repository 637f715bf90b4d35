"""Digests of the content of experiments, for tests that need identities and no data."""

from harness.plan.content import Content


class _Any(dict):
    """Answers for whatever is asked: each name is its own digest."""

    def __missing__(self, name):
        return f"digest of {name}"


CONTENT = Content(
    model="m",
    tokenizer="t",
    rows="r",
    validation="v",
    stages=_Any(),
    stage_validation=_Any(),
    suites=_Any(),
    controls=_Any(),
)
