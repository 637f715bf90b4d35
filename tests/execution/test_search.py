"""A search on stand-ins: every recipe gets the same trials, their losses choose, and everything is in the ledger."""

import json

import pytest

from harness.errors import HarnessError
from harness.execution.run import Options, execute
from harness.spec import load
from helpers.watchers import Silent

FACTORS = [0.1, 1, 10]


def tuned(spec_file, folder, **tune):
    spec = json.loads(spec_file.read_text())
    spec["training"]["learning_rate"] = 0.001
    spec["validation"] = {"share": 0.25}
    spec["tune"] = {"search": {"learning_rate": {"factors": FACTORS}}, "seed": 7, **tune}
    spec_file.write_text(json.dumps(spec))
    watcher = Silent()
    return execute(load(spec_file), folder, watcher, Options()), watcher


@pytest.fixture
def finished(tiny_spec, tmp_path):
    return tuned(tiny_spec, tmp_path / "runs" / "tuned", max_steps=1)


def test_rows_that_train_and_decide_stop_the_run(tiny_spec, tmp_path):
    rows = [{"prompt": f"p{n}", "completion": " c"} for n in range(6)]
    for name, part in {"train": rows, "held": rows[:2]}.items():
        (tmp_path / f"{name}.jsonl").write_text("\n".join(map(json.dumps, part)))
    spec = json.loads(tiny_spec.read_text())
    spec["data"] = {"source": "jsonl", "path": "train.jsonl"}
    spec["validation"] = {"data": {"source": "jsonl", "path": "held.jsonl"}}
    spec["early_stopping"] = {"patience": 1}
    tiny_spec.write_text(json.dumps(spec))
    with pytest.raises(HarnessError, match="2 of 2 validation rows are trained on"):
        execute(load(tiny_spec), tmp_path / "runs" / "tuned", Silent(), Options())


def test_every_recipe_gets_the_same_number_of_trials_with_the_seed_of_the_search(finished):
    run, watcher = finished
    assert watcher.kinds == [("cells", 1, 0), ("trials", 6, 0), ("cells", 5, 1)]
    assert {each.recipe: len(each.trials) for each in run.tuning} == {"full--default": 3, "lora--tiny": 3}
    for each in run.tuning:
        for trial in each.trials:
            result = run.outcome(trial.cell, "trials")
            assert result.cell.seed == 7
            assert result.training.steps == 1
            assert result.evaluations == ()


def test_the_least_validation_loss_is_chosen_and_trains_the_runs(finished):
    run, _ = finished
    for each in run.tuning:
        best = min(each.trials, key=lambda trial: trial.validation_loss)
        assert each.values == best.values
        cells = [cell for cell in run.outcomes if cell.cell.recipe == each.recipe]
        assert len(cells) == 2
        for cell in cells:
            assert cell.run_info.train_config["learning_rate"] == best.values["learning_rate"]
            assert cell.training.steps == 2


def test_factors_multiply_the_recipes_own_value(finished):
    run, _ = finished
    tried = {each.recipe: [trial.values["learning_rate"] for trial in each.trials] for each in run.tuning}
    assert tried["lora--tiny"] == pytest.approx([0.01 * factor for factor in FACTORS])


def test_rows_held_out_are_trained_on_by_nobody(finished):
    run, _ = finished
    assert run.lock.rows == 9


def test_a_second_start_repeats_no_trial(finished, tiny_spec):
    run, _ = finished
    before = (run.folder / "spec.lock.json").read_bytes()
    watcher = Silent()
    execute(load(tiny_spec), run.folder, watcher, Options())
    assert watcher.kinds == [("trials", 6, 6), ("cells", 5, 5)]
    assert (run.folder / "spec.lock.json").read_bytes() == before


def test_a_trial_that_fails_is_a_record_and_is_not_chosen(tiny_spec, tmp_path):
    run, _ = tuned(tiny_spec, tmp_path / "runs" / "wild", search={"learning_rate": {"values": [0.001, 1e38]}})
    for each in run.tuning:
        assert each.values == {"learning_rate": 0.001}
        assert [trial.validation_loss is None for trial in each.trials] == [False, True]
        assert "non_finite_loss" in each.trials[1].failure


def test_a_search_for_some_recipes_leaves_the_others_as_they_are(tiny_spec, tmp_path):
    run, watcher = tuned(tiny_spec, tmp_path / "runs" / "some", recipes=["lora--tiny"])
    assert watcher.kinds[1] == ("trials", 3, 0)
    assert [each.recipe for each in run.tuning] == ["lora--tiny"]
