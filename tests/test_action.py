"""The action's own scripts, run as a runner runs them, on stand-in logs; installation and `gh` are stand-ins too."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import yaml

from helpers.logs import arms

ROOT = Path(__file__).parents[1]
ACTION = yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))
STEPS = {step["name"]: step for step in ACTION["runs"]["steps"]}

pytestmark = pytest.mark.skipif(shutil.which("bash") is None, reason="the action's scripts are bash")

PYTHON = f"""#!/bin/bash
# Makes an environment that installs nothing and has the Python of the tests.
[ "$1 $2" = "-m venv" ] && {{ mkdir -p "$3/bin"; cp "$0" "$3/bin/python"; exit; }}
[ "$1 $2" = "-m pip" ] && {{ printf '%s\\n' "$@" > "$RUNNER_TEMP/pip.txt"; exit; }}
exec {sys.executable} "$@"
"""
GH = """#!/bin/bash
# Notes what it is asked, keeps the body, and knows the comments that a file lists.
printf '%s ' "$@" >> "$RUNNER_TEMP/gh.txt"; echo >> "$RUNNER_TEMP/gh.txt"
for word in "$@"; do
  [ "$word" = --paginate ] && cat "$RUNNER_TEMP/known.txt"
  [[ $word = body=@* ]] && cp "${word#body=@}" "$RUNNER_TEMP/posted.md"
done
exit 0
"""


class Runner:
    """A job on one machine: steps run in order, with what they leave to each other."""

    def __init__(self, place):
        self.place = place
        self.temp = place / "temp"
        (place / "bin").mkdir()
        self.temp.mkdir()
        for name, text in (("a-python", PYTHON), ("gh", GH)):
            (place / "bin" / name).write_text(text)
            (place / "bin" / name).chmod(0o755)
        for name in ("output", "summary", "temp/known.txt"):
            (place / name).write_text("")
        self.github = {
            "github.action_path": str(ROOT),
            "github.repository": "someone/something",
            "github.event.pull_request.number": "7",
        }

    @property
    def outputs(self):
        return dict(line.split("=", 1) for line in (self.place / "output").read_text().splitlines())

    @property
    def summary(self):
        return (self.place / "summary").read_text()

    def step(self, name, **inputs):
        """Run a step's script under the shell's options of a runner; return its exit code and what it printed."""
        values = {f"inputs.{key}": str(each.get("default", "")) for key, each in ACTION["inputs"].items()}
        values |= {f"inputs.{key.replace('_', '-')}": text for key, text in inputs.items()}
        values |= {f"steps.compare.outputs.{key}": text for key, text in self.outputs.items()}
        values |= self.github | {"inputs.python": "a-python"}
        step = STEPS[name]
        given = {
            key: re.sub(r"\$\{\{ (\S+) \}\}", lambda found: values[found[1]], text) for key, text in step["env"].items()
        }
        runners = {
            "PATH": f"{self.place / 'bin'}{os.pathsep}{os.environ['PATH']}",
            "RUNNER_TEMP": str(self.temp),
            "GITHUB_OUTPUT": str(self.place / "output"),
            "GITHUB_STEP_SUMMARY": str(self.place / "summary"),
            "PYTHONPATH": str(ROOT),
        }
        done = subprocess.run(
            ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]],
            cwd=self.place,
            env={**os.environ, **runners, **given},
            capture_output=True,
            text=True,
            check=False,
        )
        return done.returncode, done.stdout + done.stderr


@pytest.fixture
def runner(tmp_path):
    runner = Runner(tmp_path)
    code, said = runner.step("Install")
    assert code == 0, said
    return runner


def arguments(place, gap, seeds=3):
    """Write logs and return what the comparison is told, on two lines."""
    full, lora = arms(place, ("near",), np.random.default_rng(3), items=300, gaps=(gap,), seeds=seeds)
    sides = f"--reference {' '.join(map(str, full))} --candidate {' '.join(map(str, lora))}"
    return f"{sides}\n--in-domain near --metric 'acc'\n"


def test_no_expression_stands_in_a_script():
    assert [name for name, step in STEPS.items() if "${{" in step["run"]] == []
    assert all(step["shell"] == "bash" for step in STEPS.values())


def test_what_is_installed_is_the_core_with_its_constraints(runner):
    words = (runner.temp / "pip.txt").read_text().splitlines()
    assert words[-3:] == ["-c", f"{ROOT}/constraints.txt", str(ROOT)]
    assert runner.step("Install", extras="parquet")[0] == 0
    assert (runner.temp / "pip.txt").read_text().splitlines()[-1] == f"{ROOT}[parquet]"


@pytest.mark.parametrize(
    ("gap", "ruling", "code"), [(0.4, "rejected", 1), (-0.2, "passed", 0)], ids=["rejected", "passed"]
)
def test_a_gate_rules_and_the_report_is_the_jobs_summary(runner, gap, ruling, code):
    done, said = runner.step("Compare", arguments=arguments(runner.place / "logs", gap), gate="not-worse-in-domain")
    assert done == 0, said
    assert (runner.outputs["ruling"], runner.outputs["code"]) == (ruling, str(code))
    assert runner.summary == Path(runner.outputs["report"]).read_text()
    assert f"**gate {ruling}**" in runner.summary
    assert "| candidate" in runner.summary
    assert runner.step("Rule")[0] == code


def test_an_inconclusive_gate_fails_unless_it_may(runner):
    told = arguments(runner.place / "logs", 0.0, seeds=1)
    assert runner.step("Compare", arguments=told, gate="not-worse-in-domain")[0] == 0
    assert runner.outputs["ruling"] == "inconclusive"
    assert runner.step("Rule")[0] == 2
    assert runner.step("Rule", allow_inconclusive="true")[0] == 0


def test_one_run_beside_a_baseline_is_posted_too(runner):
    full, lora = arms(runner.place / "logs", ("near",), np.random.default_rng(3), items=300, gaps=(0.4,))
    told = f"--baseline {' '.join(map(str, full))} --candidate {lora[0]} --in-domain near --metric acc"
    assert runner.step("Compare", arguments=told, gate="threshold:0.9")[0] == 0
    assert runner.outputs["ruling"] == "rejected"
    assert "Assumed, since one run cannot show it" in runner.summary


def test_what_cannot_be_judged_is_an_error_that_is_shown(runner):
    assert runner.step("Compare", arguments="nowhere; touch made", gate="")[0] == 0
    assert (runner.outputs["ruling"], runner.outputs["code"]) == ("error", "64")
    assert "Nothing could be judged" in runner.summary
    assert "unknown: " in runner.summary or "nowhere" in runner.summary
    assert not (runner.place / "made").exists()
    assert runner.step("Rule", allow_inconclusive="true")[0] == 64


def test_one_comment_a_pull_request_is_written_and_then_kept_up_to_date(runner):
    (runner.place / "output").write_text(f"report={runner.place / 'report.md'}\n")
    (runner.place / "report.md").write_text("# Found\n" + "x" * 70_000)
    assert runner.step("Comment", token="t")[0] == 0
    assert "--method POST repos/someone/something/issues/7/comments" in (runner.temp / "gh.txt").read_text()
    posted = (runner.temp / "posted.md").read_text()
    assert posted.startswith("<!-- harness gate -->\n# Found\n")
    assert len(posted) < 65_536
    (runner.temp / "known.txt").write_text("11\n12\n")
    assert runner.step("Comment", token="t")[0] == 0
    assert "--method PATCH repos/someone/something/issues/comments/12" in (runner.temp / "gh.txt").read_text()
