"""What is declared and what is missing of it; a verb that lacks its extra says first of all what brings it."""

from importlib import metadata

import pytest

from harness import extras
from harness.cli import main
from harness.errors import MissingExtraError

DECLARED = [
    "numpy>=2.0",
    'tomli>=2; python_version < "3"',
    'no-such-package-of-harness>=1; extra == "run"',
    'pytest>=8; extra == "run"',
    'another-absent-one; extra == "docs"',
]


@pytest.fixture
def declaring(monkeypatch):
    """Let the distribution declare what a test says."""

    def declaring(texts):
        monkeypatch.setattr(metadata, "requires", lambda name: texts)

    return declaring


def names(needs):
    return [need.name for need in needs]


def test_own_needs_and_an_extras_are_told_apart_and_other_platforms_are_neither(declaring):
    declaring(DECLARED)
    assert names(extras.declared()) == ["numpy"]
    assert names(extras.declared("run")) == ["no-such-package-of-harness", "pytest"]


def test_missing_packages_are_named_with_the_command_that_brings_them(declaring):
    declaring(DECLARED)
    assert extras.missing("run") == ("no-such-package-of-harness",)
    with pytest.raises(MissingExtraError) as caught:
        extras.require("run", "harness run")
    said = str(caught.value)
    assert "\n" not in said
    assert said.startswith("harness run needs packages that are not installed (no-such-package-of-harness): ")
    assert "`pip install -c constraints.txt '.[run]'`" in said


def test_of_many_missing_packages_some_are_named_and_the_others_counted(declaring):
    declaring([f'absent-package-{k}; extra == "run"' for k in range(5)])
    with pytest.raises(MissingExtraError, match=r"absent-package-2 and 2 more\): "):
        extras.require("run", "harness run")


def test_nothing_is_missing_where_harness_runs_from_its_source_alone(monkeypatch):
    def requires(name):
        raise metadata.PackageNotFoundError(name)

    monkeypatch.setattr(metadata, "requires", requires)
    assert extras.declared() == extras.declared("run") == ()
    extras.require("run", "harness run")


@pytest.mark.parametrize(
    "words",
    [
        ["run", "no-such-spec"],
        ["plan", "no-such-spec"],
        ["adapters", "--model", "no-such-spec"],
        ["tasks", "check", "no_such_task"],
    ],
    ids=lambda words: words[0],
)
def test_a_verb_that_lacks_its_extra_says_so_before_anything_else(words, declaring, capsys):
    declaring(DECLARED)
    assert main(words) == 64
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.startswith(f"harness: harness {words[0]}")
    assert said.err.count("\n") == 1
    assert "'.[run]'" in said.err


@pytest.mark.parametrize(
    "words", [["adapters"], ["tasks"], ["schema"], ["validate", "gap"]], ids=lambda words: words[0]
)
def test_a_light_verb_needs_no_extra(words, declaring, capsys):
    declaring(DECLARED)
    assert main(words) == 0


def test_a_requirement_is_an_extras_by_its_marker_and_not_by_a_name_that_it_holds(declaring):
    declaring(['runner>=1; extra == "docs"', 'pytest>=8; extra == "run"', 'no-such-parquet>=1; extra == "run"'])
    assert names(extras.declared("run")) == ["pytest", "no-such-parquet"]
    assert names(extras.declared("parquet")) == []
    assert names(extras.declared()) == []
