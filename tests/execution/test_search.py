"""A search on stand-ins: every recipe gets the same trials, their losses choose, and everything is in the ledger."""

import json
import math
import shutil
from types import SimpleNamespace

import pytest

import harness
from harness.errors import ComparisonError, HarnessError, TrainingError
from harness.execution import cell
from harness.execution.clock import Clock
from harness.execution.run import Options, execute
from harness.spec import load
from harness.spec.records import Execution
from harness.testing.tiny_spec import write_tiny_spec
from helpers.records import training
from helpers.watchers import Silent

FACTORS = [0.1, 1, 10]


def tuned(spec_file, folder, *, workers=1, validation=None, **tune):
    spec = json.loads(spec_file.read_text())
    spec["execute"] = {"workers": workers}
    spec["training"]["learning_rate"] = 0.001
    spec["validation"] = validation or {"share": 0.25}
    spec["tune"] = {"search": {"learning_rate": {"factors": FACTORS}}, "seed": 7, **tune}
    spec_file.write_text(json.dumps(spec))
    watcher = Silent()
    return execute(load(spec_file), folder, watcher, Options()), watcher


@pytest.fixture(scope="module")
def spec(tmp_path_factory, tiny_tokenizer_folder):
    return write_tiny_spec(tmp_path_factory.mktemp("search"), tiny_tokenizer_folder)


@pytest.fixture(scope="module")
def finished(spec):
    """The search of `spec` and its runs, which no test changes."""
    return tuned(spec, spec.parent / "runs" / "tuned", max_steps=1)


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
        cells = [ended for ended in run.outcomes if ended.cell.recipe == each.recipe]
        assert len(cells) == 2
        for ended in cells:
            assert ended.run_info.train_config["learning_rate"] == best.values["learning_rate"]
            assert ended.training.steps == 2


def test_factors_multiply_the_recipes_own_value(finished):
    run, _ = finished
    tried = {each.recipe: [trial.values["learning_rate"] for trial in each.trials] for each in run.tuning}
    assert tried["lora--tiny"] == pytest.approx([0.01 * factor for factor in FACTORS])


def test_rows_held_out_are_trained_on_by_nobody(finished):
    run, _ = finished
    assert run.lock.rows == 9


def test_a_second_start_repeats_no_trial(finished, spec):
    run, _ = finished
    before = (run.folder / "spec.lock.json").read_bytes()
    watcher = Silent()
    execute(load(spec), run.folder, watcher, Options())
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


WIDER = {"search": {"learning_rate": {"values": [1e-6, 2e-6]}}, "widen": 2, "confirm_seed": 8, "max_steps": 1}
"""Rates that are too small by far, so that the best lies at the upper edge."""


@pytest.fixture(scope="module")
def wider(tmp_path_factory, tiny_tokenizer_folder):
    folder = tmp_path_factory.mktemp("wider")
    return tuned(write_tiny_spec(folder, tiny_tokenizer_folder), folder / "runs" / "wider", **WIDER)


def tried(run, part):
    return {
        each.recipe: [trial.values["learning_rate"] for trial in each.trials if trial.part == part]
        for each in run.tuning
    }


def test_a_choice_at_an_edge_widens_the_search_by_one_rule_and_is_confirmed(wider):
    run, watcher = wider
    assert [kind for kind in watcher.kinds if kind[0] == "trials"] == [
        ("trials", 4, 0),
        ("trials", 2, 0),
        ("trials", 2, 0),
        ("trials", 4, 0),
    ]
    assert set(map(tuple, tried(run, "widening").values())) == {(4e-6, 8e-6)}
    assert set(map(tuple, tried(run, "confirmation").values())) == {(8e-6, 4e-6)}
    for each in run.tuning:
        assert each.at_edge == ("learning_rate",)  # the bound was reached
        by_seed = [trial.validation_loss for trial in each.trials if trial.values == each.values]
        assert len(by_seed) == 2
        assert each.validation_loss == pytest.approx(sum(by_seed) / 2)


def test_a_search_that_was_cut_off_and_one_of_two_workers_try_and_choose_the_same(wider, tiny_spec, tmp_path):
    run, _ = wider
    other, _ = tuned(tiny_spec, tmp_path / "elsewhere" / "wider", workers=2, **WIDER)
    assert [choice.values for choice in other.tuning] == [choice.values for choice in run.tuning]
    assert [[trial.cell for trial in choice.trials] for choice in other.tuning] == [
        [trial.cell for trial in choice.trials] for choice in run.tuning
    ]
    before = run.tuning
    lost = [trial.cell for choice in before for trial in choice.trials if trial.part != "search"]
    for trial in lost:
        shutil.rmtree(run.cell_folder(trial, "trials"))
    again, _ = tuned(tiny_spec, run.folder, **WIDER)
    losses = [[(trial.cell, trial.validation_loss) for trial in choice.trials] for choice in before]
    assert [[(trial.cell, trial.validation_loss) for trial in choice.trials] for choice in again.tuning] == losses


@pytest.fixture
def with_options(tiny_spec, tmp_path):
    """The tiny spec with a validation split whose answers have margins."""
    for file in (tmp_path / "tasks" / "sums").glob("*.yaml"):
        margin = "  - {metric: answer_margin, aggregation: mean, higher_is_better: true}\nmetadata:"
        text = file.read_text().replace("metadata:", margin)
        scored = "validation_split: validation\nprocess_results: !function harness.suites.metrics.choice\ntest_split"
        file.write_text(text.replace("test_split", scored))
    loader = tmp_path / "tasks" / "sums" / "loader.py"
    loader.write_text(loader.read_text().replace('"test":', '"validation": rows(50, 6), "test":'))
    return tiny_spec


def test_trials_score_the_margins_of_the_validation_rows_and_choose_by_them(with_options, tmp_path):
    run, _ = tuned(with_options, tmp_path / "runs" / "margins", validation={"limit": 5}, metric="margin", max_steps=1)
    for each in run.tuning:
        assert each.values == max(each.trials, key=lambda trial: trial.margin).values
        assert each.behind == (0.0, 0.0)
        for trial in each.trials:
            (evaluation,) = run.outcome(trial.cell, "trials").evaluations
            assert evaluation.items == 5
            assert evaluation.metrics["answer_margin,none"] == pytest.approx(trial.margin)
            asked = (run.cell_folder(trial.cell, "trials") / evaluation.samples).read_text()
            assert '"50 + 1"' in asked or '"51 + 1"' in asked
    assert all(len(one.evaluations) == 2 and one.evaluations[0].items == 20 for one in run.outcomes)


def test_without_seeds_the_search_is_all(with_options, tmp_path):
    spec = json.loads(with_options.read_text())
    with_options.write_text(json.dumps({**spec, "seeds": []}))
    rows, search = {"limit": 4}, {"learning_rate": {"values": [0.001, 0.01]}}
    run, watcher = tuned(
        with_options, tmp_path / "runs" / "alone", validation=rows, search=search, metric="both", max_steps=1
    )
    assert watcher.kinds == [("trials", 4, 0)]
    assert (run.cell_ids, run.outcomes) == ((), ())
    text = harness.report(run.folder)
    assert text.count("learning_rate=") >= 6
    assert {path.name for path in run.folder.glob("*.json")} == {"spec.lock.json", "search.json", "prepared.json"}
    told = json.loads((run.folder / "search.json").read_text())["recipes"]
    assert [each["values"] for each in told] == [choice.values for choice in run.tuning]
    with pytest.raises(ComparisonError, match="a search alone"):
        harness.compare(run.folder)


def test_a_validation_loss_that_is_no_number_is_a_failure_of_its_trial(monkeypatch, tmp_path):
    record = training(validation_loss=math.nan)
    monkeypatch.setattr(cell, "course_of", lambda *_: SimpleNamespace(tokenizer=None))
    monkeypatch.setattr(cell, "train_part", lambda *_, **__: (SimpleNamespace(model=None), record))
    asked = SimpleNamespace(execute=Execution())
    work = SimpleNamespace(recipe=SimpleNamespace(), folder=tmp_path, experiment=asked)
    with pytest.raises(TrainingError, match="validation loss is nan") as raised:
        cell.run_trial(work, Clock(lambda _: None))
    assert raised.value.kind == "non_finite_loss"


def test_a_rank_is_searched_for_and_the_runs_have_the_one_that_was_chosen(tiny_spec, tmp_path):
    search = {"peft.r": {"values": [1, 4]}, "layers.count": {"values": [1, 2]}}
    run, watcher = tuned(tiny_spec, tmp_path / "runs" / "ranks", search=search, recipes=["lora--tiny"])
    assert watcher.kinds[1] == ("trials", 4, 0)
    ((chosen,),) = [[each for each in run.tuning if each.recipe == "lora--tiny"]]
    sizes = {run.outcome(each.cell, "trials").training.num_trainable_params for each in chosen.trials}
    assert len(sizes) > 2
    best = next(each for each in chosen.trials if each.values == chosen.values)
    trained = run.outcome(best.cell, "trials").training
    cells = [ended for ended in run.outcomes if ended.cell.recipe == "lora--tiny"]
    assert len(cells) == 2
    for ended in cells:
        assert ended.run_info.peft_config["r"] == chosen.values["peft.r"]
        assert len(ended.training.layers) == chosen.values["layers.count"]
        assert ended.training.num_trainable_params == trained.num_trainable_params
    second = Silent()
    execute(load(tiny_spec), run.folder, second, Options())
    assert second.kinds == [("trials", 4, 4), ("cells", 5, 5)]


def test_a_rank_that_the_model_cannot_have_is_told_before_anything_is_trained(tiny_spec, tmp_path):
    with pytest.raises(HarnessError, match="lora--tiny"):
        tuned(tiny_spec, tmp_path / "runs" / "wide", search={"peft.r": {"values": [2, 4096]}}, recipes=["lora--tiny"])
