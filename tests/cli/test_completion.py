"""``harness completion``: the script knows every verb and its options, and a shell can read it."""

import shutil
import subprocess

import pytest

from harness import extras
from harness.cli import VERBS, main


@pytest.fixture
def written(capsys, monkeypatch):
    pytest.importorskip("shtab", reason="needs the extra `completion`")
    monkeypatch.setattr("harness.cli.completion.require", lambda extra, what: None)

    def written(shell):
        assert main(["completion", shell]) == 0
        return capsys.readouterr().out

    return written


@pytest.mark.parametrize("shell", ["bash", "zsh", "tcsh"])
def test_the_script_knows_every_verb_and_what_it_takes(written, shell):
    script = written(shell)
    assert [verb for verb in VERBS if verb not in script] == []
    assert all(option in script for option in ("against", "dry-run", "out-of-domain"))


@pytest.mark.skipif(shutil.which("bash") is None, reason="needs bash")
def test_bash_completes_a_verb_and_its_options(written, tmp_path):
    (tmp_path / "harness.bash").write_text(written("bash"))
    program = """
    source harness.bash
    complete -p harness | grep -o -- '-F [^ ]*' > function.txt
    complete_words() {
      COMP_WORDS=(harness "$@") COMP_CWORD=$# COMPREPLY=()
      $(cut -c4- function.txt)
      echo "${COMPREPLY[*]}"
    }
    complete_words va
    complete_words run --dry
    complete_words report --format ma
    """
    done = subprocess.run(["bash", "-c", program], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.stdout.split() == ["validate", "--dry-run", "markdown"], done.stderr


def test_without_the_extra_it_says_what_brings_it(monkeypatch, capsys):
    monkeypatch.setattr(extras, "missing", lambda extra: ("shtab",))
    assert main(["completion", "bash"]) == 64
    assert "'.[completion]'" in capsys.readouterr().err
