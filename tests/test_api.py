"""The package's public names: lazy, light, and the verbs even where a room has the same name."""

import json
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

import harness
from harness.cli import main
from harness.errors import LedgerError, SpecError, UsageError
from helpers.runs import scored_run

HEAVY = ("torch", "transformers", "datasets", "scipy", "numpy", "lm_eval", "peft", "trl", "rich")


def python(program):
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_importing_harness_imports_nothing_else_of_it():
    said = python("import sys, harness; print([name for name in sys.modules if name.startswith('harness.')])")
    assert said == "[]"


def test_importing_harness_takes_less_than_a_fifth_of_a_second_of_processor_time():
    assert float(python("import time; s = time.process_time(); import harness; print(time.process_time() - s)")) < 0.2


def test_checking_a_file_imports_nothing_heavy():
    said = python(f"import sys, harness; harness.validate('gap'); print([n for n in {HEAVY} if n in sys.modules])")
    assert said == "[]"


def test_all_public_names_are_there():
    assert set(harness.__all__) <= set(dir(harness))
    assert [name for name in harness.__all__ if getattr(harness, name) is None] == []


@pytest.mark.parametrize("name", ["plan", "compare", "report"])
def test_a_verb_stays_a_function_when_the_room_of_its_name_is_imported(name):
    said = python(f"import harness.{name}, sys; print(callable(harness.{name}), 'harness.{name}' in sys.modules)")
    assert said == "True True"


def test_a_public_name_cannot_be_overwritten():
    with pytest.raises(AttributeError, match="cannot be set"):
        harness.run = None


def test_an_experiment_is_read_with_changes_of_any_kind(tiny_spec):
    changed = harness.load(tiny_spec, set={"training.max_steps": 3, "name": "other"}, seeds=[5], limit=2, only=["sums"])
    assert (changed.name, changed.seeds, changed.training["max_steps"]) == ("other", (5,), 3)
    assert [suite.task for suite in changed.suites] == ["sums"]
    assert harness.load(tiny_spec, set=["training.max_steps=3"]).training["max_steps"] == 3


def test_a_wrong_experiment_is_raised_by_load_and_returned_by_validate(tiny_spec):
    declared = json.loads(tiny_spec.read_text())
    tiny_spec.write_text(json.dumps({**declared, "sead": 1}))
    with pytest.raises(SpecError) as caught:
        harness.load(tiny_spec)
    checked = harness.validate(tiny_spec)
    assert not checked.ok
    assert checked.kind == "experiment"
    assert checked.problems == caught.value.problems


def test_a_recipe_is_validated_too():
    assert harness.validate("lora--last-half") == harness.api.Checked(file="lora--last-half", kind="recipe")


def test_changes_of_an_experiment_that_is_loaded_are_refused(tiny_spec):
    with pytest.raises(UsageError, match="seeds: tiny is loaded already"):
        harness.plan(harness.load(tiny_spec), seeds=[1])


def test_a_folder_without_a_run_is_refused(tmp_path):
    with pytest.raises(LedgerError, match="holds no run"):
        harness.load_run(tmp_path)


def test_a_run_and_logs_together_are_refused(tmp_path):
    with pytest.raises(UsageError, match="declares its own comparison"):
        harness.compare(tmp_path, metric="acc")


def test_a_run_from_a_script_is_the_one_of_the_command_line(tiny_spec, tmp_path, capsys):
    run = harness.run(tiny_spec, out=tmp_path / "runs" / "api", seeds=[1], limit=5)
    assert capsys.readouterr().out == ""
    assert [type(each).__name__ for each in run.results()] == ["CellResult"] * 3
    assert json.loads((run.folder / "verdict.json").read_text()) == run.verdicts.to_json()
    assert harness.compare(run) == run.verdicts == harness.compare(run.folder)
    assert main(["report", str(run.folder)]) == 0
    assert capsys.readouterr().out == harness.report(run) + "\n"


def test_the_scores_of_a_run_are_a_table_with_a_row_an_item(tmp_path, tiny_spec):
    table = harness.load_run(scored_run(tmp_path / "run", tiny_spec).folder).scores()
    assert len(table) == 5 * 2 * 9
    assert tuple(table.columns)[:3] == ("model", "recipe", "seed")
    assert len(table[:5]) == 5


def test_a_plain_script_runs_an_experiment_at_its_top_level(tiny_spec, tmp_path):
    script = tmp_path / "script.py"
    changes = "out='here', seeds=[1], limit=4, only=['sums']"
    script.write_text(f"import harness\nprint(len(harness.run({str(tiny_spec)!r}, {changes}).scores()))\n")
    done = subprocess.run([sys.executable, script], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout == "12\n"


def test_a_plan_takes_the_variances_of_a_run_from_its_bundle_too(tiny_spec, tmp_path):
    run = scored_run(tmp_path / "run", tiny_spec, items=60)
    bundle = harness.bundle(run.folder, out=tmp_path / "one.bundle.tar.xz")
    from_folder, from_bundle = (harness.plan(tiny_spec, from_runs=[each]).power for each in (run.folder, bundle))
    (one,), (other,) = from_folder.effects, from_bundle.effects
    assert (one.runs, other.runs) == ((str(run.folder),), (str(bundle),))
    assert replace(one, runs=()) == replace(other, runs=())
    within = harness.api.plan_within(tiny_spec, "1h", from_runs=[bundle])
    assert within.best is not None


def test_nothing_below_the_command_line_reads_options_or_exits():
    rooms = Path(harness.__file__).parent
    programs = {"__main__.py", "worker.py", "launched.py"}
    files = [path for path in rooms.rglob("*.py") if "cli" not in path.parts and path.name not in programs]
    assert len(files) > 100
    assert [path for path in files if re.search(r"\bargparse\b|\bsys\.exit\b", path.read_text(encoding="utf-8"))] == []


def test_a_model_at_hand_a_finished_cell_and_a_declared_model_are_scored_alike(tiny_spec, tmp_path):
    run = harness.run(tiny_spec, out=tmp_path / "runs" / "tiny", seeds=[1], only=["sums"])
    lora = next(each for each in run.results() if each.cell.recipe == "lora--tiny")
    folder = run.folder / "cells" / lora.cell.id
    (again,) = harness.evaluate(folder, "sums", out=tmp_path / "again", include=[tiny_spec.parent])
    assert again.metrics == lora.evaluations[0].metrics

    declared = run.experiment.model
    base = harness.execution.subject.subject(declared)
    given = {"out": tmp_path / "base", "limit": 4, "include": [tiny_spec.parent]}
    (one,) = harness.evaluate(declared, ["sums"], **given)
    (other,) = harness.evaluate(base.model, ["sums"], tokenizer=base.tokenizer, **given)
    assert (one.items, one.metrics) == (other.items, other.metrics)
    assert (tmp_path / "base" / one.samples).is_file()


def test_a_model_needs_its_tokenizer_and_a_cell_its_weights(tiny_spec, tmp_path):
    with pytest.raises(UsageError, match="a object is scored with its tokenizer"):
        harness.evaluate(object(), "sums", out=tmp_path)
    run = harness.run(tiny_spec, out=tmp_path / "runs" / "tiny", seeds=[1], limit=4)
    full = next(each for each in run.results() if each.cell.recipe == "full--default")
    with pytest.raises(LedgerError, match="keep_weights"):
        harness.evaluate(run.folder / "cells" / full.cell.id, "sums", out=tmp_path)


def test_a_device_is_declared_and_noted(tiny_spec):
    changed = harness.load(tiny_spec, device="cuda:1")
    assert changed.execute.device == "cuda:1"
    assert changed.overrides == ("--device cuda:1",)
    with pytest.raises(SpecError, match=r"^--device gpu: \$\.execute\.device: "):
        harness.load(tiny_spec, device="gpu")
