"""A whole run on stand-ins: what it leaves on disk, that it resumes, and that a failure is a record."""

import json
import re
import shutil

import pytest

from harness.errors import HarnessError
from harness.execution.run import Options, execute
from harness.ledger import RunFolder
from harness.records import CellFailure, CellResult, Measurement
from harness.sources import models
from harness.spec import Overrides, load
from harness.spec.records import Model
from harness.testing.tiny_spec import write_tiny_spec
from helpers.watchers import Silent, run


@pytest.fixture(scope="module")
def spec(tmp_path_factory, tiny_tokenizer_folder):
    """The tiny experiment as it is, which no test of `finished` changes."""
    return write_tiny_spec(tmp_path_factory.mktemp("run"), tiny_tokenizer_folder)


@pytest.fixture(scope="module")
def once(spec):
    return run(spec, spec.parent / "runs" / "tiny")


@pytest.fixture
def finished(once, tmp_path):
    """A copy of the run of `spec`, as a run folder of its own, and what was told when it ran."""
    ledger, watcher = once
    return RunFolder(shutil.copytree(ledger.folder, tmp_path / "runs" / "tiny")), watcher


def test_every_cell_ends_with_a_result_and_lm_evals_own_files(finished):
    ledger, watcher = finished
    assert not re.search(r"\d+%\|", ledger.log.read_text())  # a log holds no bars
    assert [type(each) for each in ledger.outcomes] == [CellResult] * 5
    assert watcher.cells == list(ledger.cell_ids)
    for outcome in ledger.outcomes:
        folder = ledger.cell_folder(outcome.cell)
        for evaluation in outcome.evaluations:
            lines = (folder / evaluation.samples).read_text().splitlines()
            assert len(lines) == evaluation.items == 20
            assert json.loads((folder / evaluation.results).read_text())["results"]


def test_a_control_is_scored_with_examples_the_same_for_all_items_and_repeats_nothing(tiny_spec, tmp_path):
    declared = json.loads(tiny_spec.read_text())
    tiny_spec.write_text(json.dumps({**declared, "controls": [{"num_fewshot": 2}]}))
    ledger, _ = run(tiny_spec, tmp_path / "runs" / "tiny", seeds=(1,))
    base, control = ledger.outcomes[:2]
    assert (control.cell.recipe, control.cell.seed, control.train_info) == ("base, 2 examples", None, None)
    first, second = (_prompts(ledger, each) for each in (base, control))
    (examples,) = {longer.removesuffix(prompt) for prompt, longer in zip(first, second, strict=True)}
    assert examples.count("=") == 2
    _, watcher = run(tiny_spec, tmp_path / "runs" / "tiny", seeds=(1,))
    assert watcher.cells == []


def _prompts(ledger, outcome):
    lines = (ledger.cell_folder(outcome.cell) / outcome.evaluations[0].samples).read_text().splitlines()
    return [each["arguments"]["gen_args_0"]["arg_0"] for each in map(json.loads, lines)]


def test_recipes_of_one_seed_start_from_the_same_loss_and_full_weights_are_not_kept(finished):
    ledger, _ = finished
    first = {each.cell.recipe: each for each in ledger.outcomes if each.cell.seed == 1}
    losses = [each.training.losses[0] for each in first.values()]
    assert losses[0] == pytest.approx(losses[1], abs=1e-4)
    assert not (ledger.cell_folder(first["full--default"].cell) / "weights").exists()
    assert (ledger.cell_folder(first["lora--tiny"].cell) / "adapter" / "adapter_model.safetensors").is_file()
    assert first["lora--tiny"].training.layers == (1,)


def test_every_trained_cell_passed_its_guards_and_recipes_are_paired(finished):
    ledger, _ = finished
    trained = [each for each in ledger.outcomes if each.cell.seed is not None]
    for outcome in trained:
        found = outcome.training.measurements
        assert {name for name, each in found.items() if each.passed is False} == set()
        assert found["outputs_differ"].passed is True
        order = Measurement(name="order_follows_seed", passed=True, details={"batches": 2})
        assert found["order_follows_seed"] == order
        assert found["loss_finite"] == Measurement(name="loss_finite", passed=True, details={"steps": 2})
        assert found["start_follows_seed"].passed is (True if outcome.cell.recipe == "lora--tiny" else None)
    orders = {(each.cell.seed, each.training.order[-1]) for each in trained}
    assert len(orders) == 2


def test_the_rank_that_a_match_came_to_is_recorded(tiny_spec, tmp_path):
    recipe = tmp_path / "adapters" / "lora--tiny.json"
    declared = json.loads(recipe.read_text())
    (tmp_path / "adapters" / "lora--whole.json").write_text(json.dumps({**declared, "layers": {"strategy": "all"}}))
    recipe.write_text(json.dumps({**declared, "match": {"recipe": "lora--whole"}}))
    ledger, _ = run(tiny_spec, tmp_path / "runs" / "tiny", seeds=(1,))
    found = {each.cell.recipe: each.train_info for each in ledger.outcomes}
    matched = found["lora--tiny"].matched
    assert (matched.r, matched.recipe) == (4, "lora--whole")
    assert matched.parameters == found["lora--tiny"].num_trainable_params
    assert found["full--default"].matched is None


def test_a_recipe_that_cannot_work_is_refused_before_training(tiny_spec, tmp_path):
    recipe = tmp_path / "adapters" / "lora--tiny.json"
    declared = json.loads(recipe.read_text())
    declared["peft"]["target_modules"] = ["no_such_module"]
    recipe.write_text(json.dumps(declared))
    with pytest.raises(HarnessError, match=r"lora--tiny: .*no_such_module"):
        run(tiny_spec, tmp_path / "runs" / "tiny")


def test_a_model_whose_shape_the_spec_does_not_tell_is_asked_before_training(tiny_spec, tiny_model, tmp_path):
    loaded = models.load(Model(**tiny_model))
    loaded.model.save_pretrained(tmp_path / "model")
    loaded.tokenizer.save_pretrained(tmp_path / "model")
    recipe = tmp_path / "adapters" / "lora--tiny.json"
    declared = json.loads(recipe.read_text())
    declared["peft"]["r"] = 999
    recipe.write_text(json.dumps(declared))
    spec = json.loads(tiny_spec.read_text())
    spec["model"] = {"source": "path", "path": "model"}
    tiny_spec.write_text(json.dumps(spec))
    with pytest.raises(HarnessError, match="lora--tiny: rank 999 is larger than q_proj"):
        run(tiny_spec, tmp_path / "runs" / "tiny")


def test_the_same_command_repeats_nothing(finished, spec):
    ledger, _ = finished
    before = [event for event in ledger.journal.events() if event["event"] == "began"]
    again, watcher = run(spec, ledger.folder)
    assert watcher.cells == []
    assert watcher.kinds[-1][2] == 5
    assert [event for event in again.journal.events() if event["event"] == "began"] == before


def test_a_start_between_that_asked_for_other_scores_leaves_none_of_them_behind(finished, spec):
    ledger, _ = finished
    everything = [each.evaluations for each in ledger.outcomes if each.cell.recipe != "full--default"]
    run(spec, ledger.folder, limit=10, only=("lora--tiny", "full--default"))
    again, watcher = run(spec, ledger.folder)
    assert watcher.cells == []
    assert [each.evaluations for each in again.outcomes if each.cell.recipe != "full--default"] == everything


def test_a_cell_cut_off_after_training_is_scored_but_not_trained_again(finished, spec):
    ledger, _ = finished
    cell = next(each.cell for each in ledger.outcomes if each.cell.recipe == "lora--tiny")
    folder = ledger.cell_folder(cell)
    trained = (folder / "training.json").read_text()
    scores = ledger.outcome(cell).evaluations
    (folder / "result.json").unlink()
    for note in folder.glob("eval/sums--*/evaluation.json"):
        note.unlink()
    again, watcher = run(spec, ledger.folder)
    assert watcher.cells == [cell.id]
    assert (folder / "training.json").read_text() == trained
    assert [each.metrics for each in again.outcome(cell).evaluations] == [each.metrics for each in scores]
    kept, scored_again = scores[1].seconds, again.outcome(cell).evaluations[0].seconds
    assert again.outcome(cell).costs.seconds["evaluate"] >= kept + scored_again


def test_two_runs_of_one_spec_give_the_same_scores(finished, spec, tmp_path):
    ledger, _ = finished
    other, _ = run(spec, tmp_path / "elsewhere" / "tiny")
    first, second = ({each.cell.id: each for each in one.outcomes} for one in (ledger, other))
    assert first.keys() == second.keys()
    for cell, outcome in first.items():
        assert [each.metrics for each in outcome.evaluations] == [each.metrics for each in second[cell].evaluations]
        assert (outcome.train_info and outcome.train_info.losses) == (
            second[cell].train_info and second[cell].train_info.losses
        )


def test_a_cell_that_a_sibling_run_holds_is_not_computed_again(finished, spec, tmp_path):
    _, watcher = run(spec, tmp_path / "runs" / "other", seeds=(1, 3))
    assert watcher.kinds[-1][2] == 3
    assert all("--s3--" in cell for cell in watcher.cells)


def train_with(recipe, training):
    declared = json.loads(recipe.read_text())
    recipe.write_text(json.dumps({**declared, "training": training}))


def test_a_loss_that_is_not_finite_is_a_failure_record_and_the_rest_goes_on(tiny_spec, tmp_path):
    train_with(tmp_path / "adapters" / "lora--tiny.json", {"learning_rate": 1e38, "max_grad_norm": 0.0, "max_steps": 6})
    ledger, _ = run(tiny_spec, tmp_path / "runs" / "tiny", seeds=(1,))
    (failure,) = ledger.failures
    assert (failure.kind, failure.stage) == ("non_finite_loss", "train")
    assert "learning_rate" in failure.message
    assert sum(isinstance(each, CellResult) for each in ledger.outcomes) == 2
    kept, watcher = run(tiny_spec, ledger.folder, seeds=(1,))
    assert watcher.cells == []
    assert isinstance(kept.outcome(failure.cell), CellFailure)
    _, watcher = run(tiny_spec, ledger.folder, seeds=(1,), retry_failed=True)
    assert watcher.cells == [failure.cell.id]


def test_a_last_step_that_breaks_the_model_is_the_same_failure(tiny_spec, tmp_path):
    train_with(tmp_path / "adapters" / "lora--tiny.json", {"learning_rate": 1e38, "max_steps": 1, "warmup_steps": 0})
    ledger, _ = run(tiny_spec, tmp_path / "runs" / "tiny", seeds=(1,))
    (failure,) = ledger.failures
    assert (failure.kind, failure.stage) == ("non_finite_loss", "check")
    assert "after the last step" in failure.message


def test_a_worker_that_is_killed_is_a_failure_record(tiny_spec, tmp_path):
    loader = tmp_path / "tasks" / "sums" / "loader.py"
    source = loader.read_text()
    # Kills whoever loads the task once the run is prepared, that is, the cells.
    loader.write_text(
        source.replace(
            "def load(*, shift, **metadata):\n",
            "def load(*, shift, **metadata):\n    import os, pathlib\n"
            "    if pathlib.Path(__file__).with_name('armed').exists():\n        os.kill(os.getpid(), 9)\n",
        )
    )

    class Arming(Silent):
        def planned(self, kind, cells, done):
            loader.with_name("armed").touch()

    experiment = load(tiny_spec, overrides=Overrides(seeds=(1,)))
    ledger = execute(experiment, tmp_path / "runs" / "tiny", Arming(), Options())
    assert {each.kind for each in ledger.failures} == {"killed"}
    assert "SIGKILL" in ledger.failures[0].message


def test_an_outcome_reads_back_as_it_was_written(finished):
    ledger, watcher = finished
    assert RunFolder(ledger.folder).outcomes == tuple(watcher.outcomes)


def test_a_spec_in_a_folder_of_specs_is_scored_on_the_tasks_above_it(tiny_spec, tmp_path):
    (tmp_path / "specs").mkdir()
    spec = tiny_spec.rename(tmp_path / "specs" / "mine.json")
    ledger, _ = run(spec, tmp_path / "runs" / "mine", seeds=(1,))
    assert [type(each) for each in ledger.outcomes] == [CellResult] * 3


def test_the_threads_of_a_run_folder_stay_what_it_was_begun_with(finished, spec, monkeypatch):
    ledger, _ = finished
    begun = ledger.lock.execution.threads
    monkeypatch.setenv("OMP_NUM_THREADS", str(begun + 1))
    again, _ = run(spec, ledger.folder, seeds=(1, 2, 9))
    assert again.lock.execution.threads == begun
    assert {each.meta_info.system_info.threads for each in again.outcomes} == {begun}
    declared, _ = run(spec, ledger.folder.with_name("declared"), seeds=(9,), set=("execute.threads=2",))
    assert {each.meta_info.system_info.threads for each in declared.outcomes} == {2}
