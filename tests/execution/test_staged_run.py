"""A recipe in stages through a whole run on stand-ins: data of its own, records of each stage, resuming."""

import json
import shutil

import pytest

from harness.errors import LedgerError
from harness.execution.run import Options, execute
from harness.ledger import RunFolder
from harness.methods import store
from harness.records import CellResult
from harness.sources import models
from harness.spec import load
from harness.testing.tiny_spec import write_tiny_spec
from helpers.watchers import Silent


def run(spec, folder):
    watcher = Silent()
    return execute(load(spec), folder, watcher, Options()), watcher


@pytest.fixture(scope="module")
def staged_spec(tmp_path_factory, tiny_tokenizer_folder):
    """The tiny experiment with one seed and two staged recipes: merged after a task, kept after a file."""
    tiny_spec = write_tiny_spec(tmp_path_factory.mktemp("staged"), tiny_tokenizer_folder)
    folder = tiny_spec.parent
    rows = [{"prompt": f"{n} - 1 =", "completion": f" {n - 1}"} for n in range(2, 12)]
    (folder / "adapters" / "first.jsonl").write_text("\n".join(map(json.dumps, rows)))
    write(folder, "merged", [{"recipe": "lora--tiny", "data": {"source": "task", "task": "sums_far"}, "then": "merge"}])
    write(
        folder, "kept", [{"recipe": "lora--tiny", "data": {"source": "jsonl", "path": "first.jsonl"}, "then": "keep"}]
    )
    write(folder, "own", [{"recipe": "full--default", "training": {"max_steps": 3, "learning_rate": 1e-3}}])
    spec = json.loads(tiny_spec.read_text())
    spec["seeds"] = [1]
    spec["merge"] = {"check": True}
    spec["recipes"] += ["staged--merged", "staged--kept", "staged--own"]
    tiny_spec.write_text(json.dumps(spec))
    return tiny_spec


def write(folder, name, earlier):
    stages = [*earlier, {"recipe": "lora--tiny"}]
    (folder / "adapters" / f"staged--{name}.json").write_text(json.dumps({"stages": stages}))


@pytest.fixture(scope="module")
def once(staged_spec):
    return run(staged_spec, staged_spec.parent / "runs" / "tiny")[0]


@pytest.fixture
def finished(once, tmp_path):
    return RunFolder(shutil.copytree(once.folder, tmp_path / "runs" / "tiny"))


def results(ledger):
    assert {type(each) for each in ledger.outcomes} == {CellResult}
    return {each.cell.recipe: each for each in ledger.outcomes}


def test_a_run_in_stages_records_guards_and_saves_each_of_them(finished, staged_spec):
    totals_are_those_of_the_stages(finished)
    what_an_earlier_stage_left_is_guarded_in_the_next(finished)
    each_stage_is_saved_and_replayed(finished, staged_spec)
    the_rows_of_each_stage_are_hashed(finished)


def totals_are_those_of_the_stages(finished):
    alone = results(finished)["lora--tiny"].training
    for name, steps in (("staged--merged", [2, 2]), ("staged--kept", [2, 2]), ("staged--own", [3, 2])):
        result = results(finished)[name]
        info, stages = result.training, result.training.stages
        assert [stage.steps for stage in stages] == steps
        for key in ("steps", "tokens", "train_time", "total_flos", "flops", "num_trainable_params"):
            assert getattr(info, key) == pytest.approx(sum(getattr(stage, key) for stage in stages))
        assert info.losses == (*stages[0].losses, *stages[1].losses)
        assert {name: each.passed for name, each in result.all_measurements.items() if each.passed is False} == {}
        assert all(stage.measurements["base_unchanged"].passed for stage in stages)
        assert ("merged_scores_agree" in result.measurements) == (name != "staged--own")
        # the last stage sees what a recipe without stages sees, in the same order
        assert stages[1].order == alone.order
        assert stages[1].losses[0] != pytest.approx(alone.losses[0], abs=1e-7)


def what_an_earlier_stage_left_is_guarded_in_the_next(finished):
    of = {name: each.train_info.stages for name, each in results(finished).items() if each.train_info}
    merged, kept = of["staged--merged"][1], of["staged--kept"][1]
    assert compared(merged) == compared(of["staged--merged"][0])
    assert compared(kept) - compared(merged) == 4  # A and B of two modules
    assert kept.num_trainable_params == merged.num_trainable_params
    assert kept.num_total_params > merged.num_total_params


def compared(stage):
    return stage.measurements["base_unchanged"].details["compared"]


def each_stage_is_saved_and_replayed(finished, staged_spec):
    experiment = load(staged_spec)
    for name in ("staged--merged", "staged--kept"):
        state = finished.cell_folder(results(finished)[name].cell) / "adapter"
        assert all((state / f"stage-{place}" / "adapter_model.safetensors").is_file() for place in (1, 2))
        recipe = next(each for each in experiment.recipes if each.id == name)
        model = store.load(models.load(experiment.model).model, recipe, state).model
        assert ("stage_1" in model.peft_config) == (name == "staged--kept")


def test_a_run_in_stages_goes_on_where_it_was_cut_off_but_not_on_other_rows(finished, staged_spec):
    what_was_trained_is_scored_and_not_trained_again(finished, staged_spec)
    other_rows_of_a_stage_are_refused(finished, staged_spec)


def what_was_trained_is_scored_and_not_trained_again(finished, staged_spec):
    for name in ("staged--merged", "staged--kept"):
        cell = results(finished)[name].cell
        folder, scores = finished.cell_folder(cell), finished.outcome(cell).evaluations
        trained = (folder / "training.json").read_text()
        (folder / "result.json").unlink()
        for note in folder.glob("eval/*/evaluation.json"):
            note.unlink()
        again, watcher = run(staged_spec, finished.folder)
        assert watcher.cells == [cell.id]
        assert (folder / "training.json").read_text() == trained
        assert [each.metrics for each in again.outcome(cell).evaluations] == [each.metrics for each in scores]


def the_rows_of_each_stage_are_hashed(finished):
    info = results(finished)["staged--merged"].meta_info.dataset_info
    assert info.stages[1] == info.sha256 == finished.lock.hashes.data
    assert info.stages[0] in finished.lock.hashes.stages.values()
    assert len(finished.lock.hashes.stages) == 2


def other_rows_of_a_stage_are_refused(finished, staged_spec):
    file = staged_spec.parent / "adapters" / "first.jsonl"
    whole = file.read_text()
    file.write_text(whole.replace("2 - 1", "two - 1"))
    with pytest.raises(LedgerError, match=r"stage's data.*--out"):
        run(staged_spec, finished.folder)
    file.write_text(whole)
