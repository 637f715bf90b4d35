"""Which executor an experiment gets, and what is said of a third party's that cannot be used."""

from dataclasses import replace

import pytest

from harness.errors import PluginError
from harness.execution.executors import executor_of
from harness.execution.local import LocalExecutor
from harness.spec import load
from harness.spec.records import Execution

CODE = """
from harness.execution import Executor

class Silent(Executor):
    def __init__(self, log, *, loud=False):
        self.log, self.loud = log, loud

    def submit(self, unit):
        yield from ()

def function(log):
    return None
"""


@pytest.fixture
def opened(install, tiny_spec, tmp_path):
    """Return a function that opens the executor of an experiment, as its spec names it."""
    points = "[harness.executors]\nsilent = tinysilent:Silent\nfunction = tinysilent:function\n"
    install("tinysilent", points, {"tinysilent.py": CODE})

    def open_one(kind, **options):
        asked = Execution(kind=kind, device="cpu", options=options)
        return executor_of(replace(load(tiny_spec), execute=asked), tmp_path / "run" / "log.txt", remedy="")

    return open_one


def test_it_is_the_local_one_unless_a_plugin_is_named(opened, tmp_path):
    with opened("local") as local:
        assert isinstance(local, LocalExecutor)
    silent = opened("silent", loud=True)
    assert (type(silent).__name__, silent.log, silent.loud) == ("Silent", tmp_path / "run" / "log.txt", True)
    assert silent.log.read_bytes() == b""


@pytest.mark.parametrize(
    ("kind", "options", "words"),
    [
        ("queue", {}, "no executor called 'queue' is installed"),
        ("function", {}, r"`function` of tinysilent .* is not a subclass of harness\.execution\.Executor"),
        ("silent", {"quiet": 1}, r"`silent` of tinysilent .* does not take the options \{'quiet': 1\}"),
    ],
)
def test_one_that_cannot_be_used_is_named(opened, kind, options, words):
    with pytest.raises(PluginError, match=words):
        opened(kind, **options)
