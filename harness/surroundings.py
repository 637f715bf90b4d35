"""Variables of the environment for as long as a block runs."""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager


@contextmanager
def with_variables(values: Mapping[str, str]) -> Iterator[None]:
    """Set variables of the environment for the block, and put back what they were."""
    before = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
