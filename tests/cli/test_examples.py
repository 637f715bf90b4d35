"""Every verb's help ends with examples, and each is a command that its parser takes."""

import json
import re
import shlex

import pytest

from harness.cli import VERBS, _parse, main
from harness.cli.examples import EXAMPLES, epilog

COMMANDS = [command for examples in EXAMPLES.values() for command, _ in examples]


def words_of(command):
    """Return the words after ``harness``; what a shell does with its output is its own."""
    inner = re.search(r"\$\((.*)\)", command)
    text = (inner[1] if inner else command).replace("\\\n", " ").partition(" >")[0]
    program, *words = shlex.split(text)
    assert program == "harness"
    return words


def test_every_verb_has_some():
    assert EXAMPLES.keys() == VERBS.keys()
    assert all(words_of(command)[0] == verb for verb, found in EXAMPLES.items() for command, _ in found)


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: " ".join(command.split())[:40])
def test_the_parser_takes_it(command, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "runs" / "gap").mkdir(parents=True)
    assert _parse(words_of(command)).verb_module


@pytest.mark.parametrize("verb", VERBS)
def test_the_help_ends_with_them(verb, capsys):
    assert main([verb, "--help"]) == 0
    assert capsys.readouterr().out.rstrip().endswith(epilog(verb))


@pytest.mark.run
def test_a_dry_run_is_the_plan(tiny_spec, capsys):
    assert main(["plan", str(tiny_spec)]) == 0
    planned = capsys.readouterr().out
    assert main(["run", str(tiny_spec), "--dry-run"]) == 0
    shown = capsys.readouterr().out
    assert shown.splitlines()[:2] == planned.splitlines()[:2]
    assert "seeds" in shown
    assert not (tiny_spec.parent / "runs").exists()


@pytest.mark.run
def test_a_dry_run_of_what_is_no_plan_is_refused(tiny_spec, capsys):
    assert main(["run", str(tiny_spec), "--dry-run", "--retry", "failed", "--go-on"]) == 64
    assert "knows no --retry, --go-on" in capsys.readouterr().err


def test_what_a_plan_is_asked_by_itself_is_known_to_a_dry_run():
    from harness.cli.plan import NOTHING_ASKED

    asked, run = vars(_parse(["plan", "gap"])), vars(_parse(["run", "gap"]))
    assert {key: asked[key] for key in asked.keys() - run.keys()} == NOTHING_ASKED
    assert json.dumps(NOTHING_ASKED)
