"""An experiment made of a third party's plug-ins: run to its scores, and continued where it broke off."""

import contextlib
import io
import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from safetensors.torch import load_file

from harness.cli import main
from harness.execution.adopt import lacking
from harness.ledger import RunFolder
from harness.records import CellResult
from harness.spec import load
from harness.testing.tiny_spec import write_tiny_spec

STAGED = {"stages": [{"recipe": "gains--outer", "then": "merge"}, {"recipe": "lora--tiny"}]}


@pytest.fixture(scope="module")
def spec(tmp_path_factory, tiny_tokenizer_folder):
    """Full fine-tuning and the package's method, with the package's rows, strategy, diagnostic and executor."""
    folder = tmp_path_factory.mktemp("foreign")
    file = write_tiny_spec(folder, tiny_tokenizer_folder)
    (folder / "sums.csv").write_text("asks,answers\n" + "".join(f"{n} + 1,{n + 1}\n" for n in range(12)))
    recipe = {
        "gains": {"module": "mlp.down_proj"},
        "layers": {"strategy": "outermost", "count": 1, "options": {"first": "output"}},
        "training": {"learning_rate": 0.1},
    }
    (folder / "adapters" / "gains--outer.json").write_text(json.dumps(recipe))
    # Each unit leaves a line in a file before its worker starts.
    command = ["sh", "-c", 'echo unit >> "$0" && exec "$@"', str(folder / "units")]
    changes = {
        "seeds": [1],
        "data": {"source": "table", "options": {"path": "sums.csv", "asks": "asks", "answers": "answers"}},
        "recipes": ["full--default", "gains--outer"],
        "comparison": {"reference": "full--default", "candidates": ["gains--outer"], "sesoi": 0.02},
        "diagnostics": [{"name": "drift", "options": {"every": 1}}],
        "merge": {"check": True, "items": 8, "tolerance": 0.01},
        "execute": {"kind": "wrapped", "options": {"command": command}},
    }
    file.write_text(json.dumps(json.loads(file.read_text()) | changes))
    return file


def harness_run(spec, folder, *options):
    """Run the command and return the run folder and what was printed."""
    with contextlib.redirect_stdout(io.StringIO()) as printed:
        assert main(["run", str(spec), "--out", str(folder), *options]) == 0
    return RunFolder(folder), printed.getvalue()


@pytest.fixture(scope="module")
def finished(spec):
    return harness_run(spec, spec.parent / "runs" / "foreign")


@pytest.fixture
def gains(finished):
    ledger, _ = finished
    (result,) = [each for each in ledger.outcomes if each.cell.recipe == "gains--outer"]
    return result


def test_every_cell_is_trained_and_scored(finished, spec):
    ledger, printed = finished
    assert [(type(each), each.cell.recipe) for each in ledger.outcomes] == [
        (CellResult, recipe) for recipe in ("base", "full--default", "gains--outer")
    ]
    assert all([each.items for each in outcome.evaluations] == [20, 20] for outcome in ledger.outcomes)
    assert "gains--outer" in printed
    assert "guard not passed" not in printed


def test_the_method_trains_the_layers_that_the_strategy_chose(gains, finished):
    training = gains.training
    assert (training.layers, training.num_trainable_params) == ((1,), 32)
    assert training.measurements["trainable_as_expected"].passed is True
    assert training.measurements["start_follows_seed"].passed is True
    folder = finished[0].cell_folder(gains.cell)
    (saved,) = load_file(folder / "adapter" / "gains.safetensors").values()
    assert (saved != 1).all()


def test_the_source_gives_the_rows(finished, spec):
    assert finished[0].lock.rows == 12
    assert finished[0].experiment.data.options["path"] == "sums.csv"


def test_the_diagnostic_follows_the_training(gains, finished):
    found = gains.training.measurements["drift"]
    assert found.value > 0
    assert found.details == {"every": 1}
    course = load_file(finished[0].cell_folder(gains.cell) / found.arrays)
    assert course["steps"].tolist() == [1, 2]
    assert course["divergences"][1].item() == pytest.approx(found.value, rel=1e-3)


def test_the_diagnostic_looks_across_the_trained_cells(finished):
    ledger, _ = finished
    trained = [each for each in ledger.outcomes if each.train_info]
    values = {each.cell.id: each.training.measurements["drift"].value for each in trained}
    found = ledger.measurements["largest_drift"]
    assert found.value == max(values.values()) == values[found.details["cell"]]


def test_the_executor_starts_every_unit(finished, spec):
    """What prepares, a cell for the base and each recipe, and what looks across them."""
    assert (spec.parent / "units").read_text().split() == ["unit"] * 5
    ledger, _ = finished
    assert all((ledger.cell_folder(each.cell) / "unit.json").is_file() for each in ledger.outcomes)


def test_the_merged_model_scores_alike(gains):
    check = gains.measurements["merged_scores_agree"]
    assert (check.passed, check.details["items"]) == (True, 8)


def test_the_run_notes_which_package_had_a_part_in_it(finished):
    experiment = finished[0].experiment
    recipe = experiment.recipes[1]
    named = (experiment.data, recipe.layers, experiment.execute, *experiment.diagnostics)
    assert {each.plugin for each in named} == {"harness-tiny-plugins==1.0"}
    assert (recipe.plugin.distribution, recipe.plugin.version) == ("harness-tiny-plugins", "1.0")


def test_a_run_that_broke_off_after_training_goes_on_from_the_disk(finished, gains, spec, tmp_path):
    """Whatever executor takes it up; and another recipe trains the method as its first stage."""
    ledger = RunFolder(Path(shutil.copytree(finished[0].folder, tmp_path / "runs" / "foreign")))
    folder = ledger.cell_folder(gains.cell)
    trained = (folder / "training.json").read_text()
    (folder / "result.json").unlink()
    (folder / "eval" / next(iter(ledger.scored(gains.cell))) / "evaluation.json").unlink()
    (spec.parent / "adapters" / "staged--outer.json").write_text(json.dumps(STAGED))
    recipes = json.dumps(["full--default", "gains--outer", "staged--outer"])
    ledger, _ = harness_run(spec, ledger.folder, "--set", 'execute={"kind": "local"}', "--set", f"recipes={recipes}")
    again = ledger.outcome(gains.cell)
    assert (folder / "training.json").read_text() == trained
    assert [each.metrics for each in again.evaluations] == [each.metrics for each in gains.evaluations]
    (last,) = [each for each in ledger.outcomes if each.cell.recipe == "staged--outer"]
    assert [stage.measurements["drift"].arrays for stage in last.training.stages] == [
        f"measurements/stage-{place}/drift.safetensors" for place in (1, 2)
    ]
    assert last.measurements["merged_scores_agree"].passed is True


def test_a_diagnostic_that_finished_cells_were_trained_without_is_refused(finished, gains, spec, tmp_path, capsys):
    ledger = RunFolder(Path(shutil.copytree(finished[0].folder, tmp_path / "elsewhere" / "foreign")))
    file = ledger.cell_folder(gains.cell) / "result.json"
    result = json.loads(file.read_text())
    del result["train_info"]["measurements"]["drift"], result["sha256"]
    file.write_text(json.dumps(result))
    assert main(["run", str(spec), "--out", str(ledger.folder), "--set", 'execute={"kind": "local"}']) == 64
    told = capsys.readouterr().err
    assert "1 cells of" in told
    assert "were trained without drift as asked for now" in told


@pytest.mark.parametrize("scored", [True, False])
def test_a_diagnostic_that_looks_otherwise_than_when_cells_trained_is_refused(scored, finished, spec, tmp_path, capsys):
    """A checkpoint asked for after training, say; what the folder says that it was asked stays."""
    ledger = RunFolder(Path(shutil.copytree(finished[0].folder, tmp_path / "elsewhere" / "foreign")))
    if not scored:
        for outcome in ledger.outcomes:
            (ledger.cell_folder(outcome.cell) / "result.json").unlink()
    lock = (ledger.folder / "spec.lock.json").read_bytes()
    asked = ["--set", 'execute={"kind": "local"}', "--set", 'diagnostics=[{"name": "drift", "options": {"every": 2}}]']
    assert main(["run", str(spec), "--out", str(ledger.folder), *asked]) == 64
    assert "2 cells of" in (told := capsys.readouterr().err)
    assert "were trained without drift as asked for now" in told
    assert (ledger.folder / "spec.lock.json").read_bytes() == lock


def test_a_cell_beside_a_run_is_not_taken_over_where_a_diagnostic_looked_otherwise(gains, spec):
    assert not lacking(gains.training, load(spec))
    (request,) = load(spec).diagnostics
    rarer = replace(load(spec), diagnostics=(replace(request, options={"every": 2}),))
    assert lacking(gains.training, rarer) == {"drift"}
    assert not lacking(replace(gains.training, diagnostics=None), rarer)
    assert lacking(replace(gains.training, measurements={}), load(spec)) == {"drift"}
