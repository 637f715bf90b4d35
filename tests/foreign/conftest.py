"""A third party's package of plug-ins, on the path of these tests and of the workers that they start."""

import pytest

from helpers import foreign


@pytest.fixture(scope="session")
def site(tmp_path_factory):
    """The folder in which the package is installed."""
    return foreign.install(tmp_path_factory.mktemp("site"))


@pytest.fixture(scope="module", autouse=True)
def installed(site):
    """Have the package installed while the tests of a module run."""
    with foreign.installed(site):
        yield
