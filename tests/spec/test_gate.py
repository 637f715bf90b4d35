"""A gate is checked before anything is trained, and by the rules that there are."""

import pytest

from harness.spec import load
from harness.spec.schema import bundled
from harness.verdict.gate import RULES


def test_the_schema_knows_the_rules_that_there_are():
    gate = bundled("experiment")["$defs"]["comparison"]["properties"]["gate"]
    *_, words = gate["properties"]["rules"]["items"]["anyOf"]
    assert set(words["enum"]) == set(RULES)


def test_a_misspelt_rule_is_told_by_its_place(spec, write, problems):
    spec["comparison"]["gate"] = {"rules": ["no-forgeting"]}
    ((path, line, message, remedy),) = problems(load, write(spec))
    assert path == "$.comparison.gate.rules[0]"
    assert line is not None
    assert "no-forgeting" in message
    assert "`no-forgetting`" in remedy


@pytest.mark.parametrize(
    ("rule", "missing", "other"),
    [("not-worse-out-of-domain", "out_of_domain", "guard"), ("no-forgetting", "guard", "out_of_domain")],
)
def test_a_rule_needs_a_suite_to_rule_on(spec, write, problems, rule, missing, other):
    spec["comparison"]["gate"] = {"rules": [rule]}
    spec["suites"][1]["role"] = other
    ((path, _, message, remedy),) = problems(load, write(spec))
    assert path == "$.comparison.gate.rules[0]"
    assert rule in message
    assert missing in remedy
    spec["suites"][1]["role"] = missing
    assert load(write(spec)).comparison.gate == {"rules": [rule]}
