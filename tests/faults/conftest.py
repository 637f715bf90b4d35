"""The grid is written, and run undisturbed, once."""

import pytest

from faults.grid import make_grid


@pytest.fixture(scope="session")
def grid(tmp_path_factory):
    return make_grid(tmp_path_factory.mktemp("grid"))
