"""What is said, and returned, where a part of a run ran here, and of the runs of several models."""

from pathlib import Path

import pytest

from harness.cli.parts import code_of, tell_parts
from harness.execution.selection import Selection

DONE = Selection(cells=("a",), ran=["a"])
FAILED = Selection(cells=("a", "b"), ran=["a", "b"], failed=["b"])
LEFT = Selection(cells=("a", "b"), ran=["a"], left=["b"])


@pytest.mark.parametrize(
    ("parts", "failed", "code"),
    [((DONE,), False, 0), ((DONE, FAILED), False, 3), ((FAILED, LEFT), False, 75), ((DONE,), True, 3), ((), False, 0)],
)
def test_what_is_left_goes_before_what_failed(parts, failed, code):
    assert code_of(*parts, failed=failed) == code


def test_the_only_runs_units_have_their_own_ids(capsys):
    tell_parts({"": LEFT}, Path("runs/x"))
    said = capsys.readouterr()
    assert said.out.splitlines() == [
        "ran here: a",
        "runs/x is not at its end; `harness report runs/x` judges as far as it came.",
    ]
    assert said.err.startswith("harness: not run: b; the look before is not over.")


def test_of_several_models_each_unit_has_its_models_name(capsys):
    tell_parts({"small": Selection(count=1), "large": FAILED}, Path("runs/x"))
    assert capsys.readouterr().out.splitlines()[:2] == [
        "ran here: nothing",
        "ran here: large/a, large/b, of which failed: large/b",
    ]
