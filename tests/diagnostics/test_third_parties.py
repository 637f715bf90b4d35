"""A third party's diagnostic is found by its name, and what does not keep the contract is said with its name."""

import pytest

from harness.diagnostics import DEFAULTS, Diagnostic, diagnostics_of, measure
from harness.errors import PluginError
from harness.preflight.prepare import prepare
from harness.records import Measurement
from harness.spec import load
from harness.spec.records import DiagnosticRequest

CODE = """
from harness.diagnostics import Diagnostic

class Counted(Diagnostic):
    name = "counted"

    def __init__(self, every=1):
        self.every = every

    def after(self, subject):
        return None

class Unnamed(Counted):
    name = "another"
"""


@pytest.fixture(autouse=True)
def installed(install):
    points = "[harness.diagnostics]\ncounted = tinycounted:Counted\nunnamed = tinycounted:Unnamed\n"
    install("tinycounted", points, {"tinycounted.py": CODE})


def test_it_is_made_with_its_options_after_the_defaults():
    *defaults, counted = diagnostics_of([DiagnosticRequest(name="counted", options={"every": 3})])
    assert [type(each) for each in defaults] == list(DEFAULTS)
    assert counted.every == 3


@pytest.mark.parametrize(
    ("name", "options", "words"),
    [
        ("missing", {}, "no diagnostic called 'missing' is installed"),
        ("unnamed", {}, r"`unnamed` of tinycounted .* whose name is 'unnamed'"),
        ("counted", {"each": 1}, r"`counted` of tinycounted .* does not take the options \{'each': 1\}"),
    ],
)
def test_one_that_cannot_be_used_is_named(name, options, words):
    with pytest.raises(PluginError, match=words):
        diagnostics_of([DiagnosticRequest(name=name, options=options)])


def test_it_is_found_out_before_anything_is_trained(tiny_spec):
    tiny_spec.write_text(tiny_spec.read_text().replace('"seeds"', '"diagnostics": ["unnamed"],\n  "seeds"'))
    with pytest.raises(PluginError, match="`unnamed` of tinycounted"):
        prepare(load(tiny_spec), on_stage=lambda _: pytest.fail("began to prepare"))


@pytest.mark.parametrize("answer", [None, Measurement(name="another")])
def test_an_answer_that_is_not_its_measurement_is_refused(answer):
    class Odd(Diagnostic):
        name = "odd"

        def after(self, subject):
            return answer

    with pytest.raises(PluginError, match=r"the diagnostic 'odd' answered .* not a Measurement of its name"):
        measure([Odd()], None)
