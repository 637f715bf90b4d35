"""What a plan says of time, from a machine whose speed is given."""

import json
from dataclasses import replace
from types import SimpleNamespace

import pytest

from harness.preflight import calibrate as measured
from harness.preflight import estimate as planning
from harness.preflight import memory, trainings
from harness.preflight.calibrate import Calibration, Speed
from harness.preflight.calibrated import Kept
from harness.preflight.row_tokens import RowTokens
from harness.preflight.token_counts import count_tokens
from harness.preflight.unknown import Unknown
from harness.spec import Overrides, load
from harness.spec.records import Layers, Recipe
from harness.suites import load as loading
from harness.trained import RowCounts

NOTHING = Speed(0.0, 0.0, 0.0)
STILL = Calibration(layer=NOTHING, head=NOTHING, optimizer=0.0)


@pytest.fixture
def planned(tiny_spec, monkeypatch):
    for name in ("HARNESS_OFFLINE", "HF_HUB_OFFLINE"):
        monkeypatch.setenv(name, "1")

    def plan(*, layer=NOTHING, head=NOTHING, optimizer=0.0, **overrides):
        speed = Calibration(layer=layer, head=head, optimizer=optimizer)
        monkeypatch.setattr(planning, "calibrated", lambda *_, **__: Kept(calibration=speed, day="2026-11-28"))
        experiment = load(tiny_spec, overrides=Overrides(seeds=(1,), **overrides))
        estimate = planning.estimate(experiment)
        return {each.recipe: each for each in estimate.cells}, count_tokens(experiment, Unknown())

    return plan


def test_a_recipe_above_the_first_layers_goes_back_less_far(planned):
    cells, counted = planned(layer=Speed(1.0, 1.0, 1.0))
    tokens = 2 * 2 * counted.rows.padded(2)
    assert cells["full--default"].train_seconds == pytest.approx(tokens * (2 + 2 + 2))
    assert cells["lora--tiny"].train_seconds == pytest.approx(tokens * (2 + 1))
    assert cells["base"].train_seconds == 0


@pytest.mark.parametrize(
    ("recipe", "layers", "more"),
    [
        ({"bottleneck": {"placement": "pfeiffer"}}, 2 + 2, 0),
        ({"peft": {"peft_type": "PROMPT_TUNING", "num_virtual_tokens": 9}}, 2 + 2, 9),
        ({"peft": {"peft_type": "PREFIX_TUNING", "num_virtual_tokens": 9}}, 2 + 2, 0),
    ],
    ids=["bottleneck", "prompt", "prefix"],
)
def test_frozen_weights_get_no_gradient_and_virtual_tokens_are_read(planned, tmp_path, recipe, layers, more):
    (tmp_path / "adapters" / "lora--tiny.json").write_text(json.dumps({"description": "another", **recipe}))
    cells, counted = planned(layer=Speed(1.0, 1.0, 1.0))
    assert cells["lora--tiny"].train_seconds == pytest.approx(2 * 2 * (counted.rows.padded(2) + more) * layers)


KINDS = [("PROMPT_TUNING", 9), ("PREFIX_TUNING", 0)]


@pytest.mark.parametrize(("kind", "before"), KINDS)
def test_virtual_tokens_are_read_once_a_suite(planned, tmp_path, kind, before):
    recipe = {"description": "another", "peft": {"peft_type": kind, "num_virtual_tokens": 9}}
    (tmp_path / "adapters" / "lora--tiny.json").write_text(json.dumps(recipe))
    cells, counted = planned(layer=Speed(1.0, 1.0, 1.0), head=Speed(10.0, 1.0, 1.0))
    more = len(counted.suites) * before * 2
    assert cells["lora--tiny"].evaluate_seconds == pytest.approx(cells["base"].evaluate_seconds + more)


@pytest.mark.parametrize(("kind", "before"), KINDS)
def test_behind_tokens_that_are_not_each_answer_is_scored_with_its_prompt_and_all_of_it_projected(
    planned, tiny_spec, tmp_path, kind, before
):
    recipe = {"description": "another", "peft": {"peft_type": kind, "num_virtual_tokens": 9}}
    (tmp_path / "adapters" / "lora--tiny.json").write_text(json.dumps(recipe))
    spec = json.loads(tiny_spec.read_text())
    tiny_spec.write_text(json.dumps({**spec, "execute": {**spec.get("execute", {}), "reads_once": False}}))
    cells, counted = planned(layer=Speed(1.0, 1.0, 1.0), head=Speed(10.0, 1.0, 1.0))
    suites = counted.suites.values()
    asked = [(each.items * each.requests, each.items * each.answers, each.tokens - each.answers) for each in suites]
    apart = sum(requests * (before + prompt) + answers for requests, answers, prompt in asked)
    assert all(each.requests > 1 and each.prompts == 1 for each in suites)
    assert cells["lora--tiny"].evaluate_seconds == pytest.approx(apart * (2 + 10))
    shared = sum(each.items * (each.tokens * 2 + each.answers * 10) for each in suites)
    assert cells["base"].evaluate_seconds == cells["full--default"].evaluate_seconds == pytest.approx(shared)


def test_a_batch_is_as_wide_as_its_longest_example():
    rows = RowTokens(count=5, tokens=3.0, completion_tokens=1.0, lengths=(1, 5, 2, 3, 4))
    assert rows.padded(1) == 3
    assert rows.padded(2) == (2 * 5 + 2 * 3 + 4) / 5
    assert RowTokens(count=None, tokens=80.0, completion_tokens=40.0).padded(8) == 80


def test_the_head_is_paid_at_completions_and_options_alone(planned):
    cells, counted = planned(head=Speed(1.0, 1.0, 1.0))
    tokens = 2 * 2 * counted.rows.completion_tokens
    assert 0 < counted.rows.completion_tokens < counted.rows.tokens
    assert cells["full--default"].train_seconds == pytest.approx(tokens * 3)
    assert cells["lora--tiny"].train_seconds == pytest.approx(tokens * 2)
    answers = sum(each.items * each.answers for each in counted.suites.values())
    assert cells["base"].evaluate_seconds == pytest.approx(answers)


def test_the_optimizer_moves_what_trains_every_step(planned):
    cells, _ = planned(optimizer=1.0)
    for recipe in ("full--default", "lora--tiny"):
        assert cells[recipe].train_seconds == pytest.approx(2 * cells[recipe].trainable)


def test_quantized_weights_take_less_on_a_gpu_and_are_read_whole_on_a_cpu(tiny_model):
    peft = {"peft_type": "LORA", "r": 2, "target_modules": ["q_proj"]}
    plain = Recipe(method="lora", name="x", peft=peft)
    packed = replace(plain, quantization={"load_in_4bit": True})
    sizes = {
        (device, each is packed): trainings.Known.of(each, tiny_model["config"], 4, device).weights
        for device in ("cpu", "cuda")
        for each in (plain, packed)
    }
    assert sizes["cuda", True] < sizes["cuda", False] == sizes["cpu", False] == sizes["cpu", True]


def test_a_match_is_told_with_what_it_comes_to(planned, tmp_path):
    path = tmp_path / "adapters" / "lora--tiny.json"
    declared = json.loads(path.read_text())
    (tmp_path / "adapters" / "lora--whole.json").write_text(json.dumps({**declared, "layers": {"strategy": "all"}}))
    path.write_text(json.dumps({**declared, "match": {"recipe": "lora--whole"}}))
    cells, _ = planned()
    assert cells["lora--tiny"].matched.startswith("r=4 to match lora--whole")
    assert cells["full--default"].matched is None


def test_this_machine_takes_some_time_for_everything(tiny_model, monkeypatch):
    monkeypatch.setattr(measured, "PARAMETERS", 1000)
    found = measured.measure(tiny_model["config"], "cpu")
    assert min(found.layer.forward, found.head.forward, found.optimizer) > 0


def test_memory_is_that_of_a_card_that_is_not_here(tiny_spec, tmp_path, monkeypatch):
    monkeypatch.setattr(planning, "calibrated", lambda *_, **__: Kept(calibration=STILL, day="2026-11-28"))
    lora = json.loads((tmp_path / "adapters" / "lora--tiny.json").read_text())
    packed = {"load_in_4bit": True, "bnb_4bit_quant_type": "nf4", "bnb_4bit_compute_dtype": "float32"}
    (tmp_path / "adapters" / "lora--tiny.json").write_text(json.dumps({**lora, "quantization": packed}))
    here, card = (planning.estimate(load(tiny_spec), memory_on=device) for device in (None, "cuda"))
    for one, other in zip(here.cells, card.cells, strict=True):
        assert replace(one, memory=0) == replace(other, memory=0)
        assert (other.memory < one.memory) == (one.recipe == "lora--tiny")
    smaller = [other.base < one.base for one, other in zip(here.trainings, card.trainings, strict=True)]
    assert [each.packed for each in card.trainings] == smaller
    assert (here.memory_on, card.memory_on, card.at_once) == (None, "cuda", here.at_once)


def test_a_plan_builds_each_task_once(tiny_spec, monkeypatch):
    built, build = [], loading._build
    monkeypatch.setattr(loading, "_build", lambda task: built.append(task.name) or build(task))
    monkeypatch.setattr(planning, "calibrated", lambda *_, **__: Kept(calibration=STILL, day="2026-11-28"))
    planning.estimate(load(tiny_spec))
    assert sorted(built) == ["sums", "sums_far"]


def test_accumulation_takes_time_and_no_memory(planned):
    once, _ = planned(layer=Speed(1.0, 1.0, 1.0))
    twice, _ = planned(layer=Speed(1.0, 1.0, 1.0), set=("training.gradient_accumulation_steps=2",))
    for recipe in ("full--default", "lora--tiny"):
        assert twice[recipe].memory == once[recipe].memory
        assert twice[recipe].train_seconds == pytest.approx(2 * once[recipe].train_seconds)


def test_checkpointing_takes_a_forward_pass_more_and_less_memory(planned):
    kept, counted = planned(layer=Speed(1.0, 1.0, 1.0), set=("training.per_device_train_batch_size=64",))
    again, _ = planned(
        layer=Speed(1.0, 1.0, 1.0),
        set=("training.per_device_train_batch_size=64", "training.gradient_checkpointing=true"),
    )
    tokens = 64 * max(counted.rows.lengths)
    assert kept["full--default"].memory - again["full--default"].memory == pytest.approx(
        tokens * 32 * (2 * 68 - (2 * 4 + 68)), abs=1
    )
    read = 2 * 64 * counted.rows.padded(64)
    assert again["full--default"].train_seconds - kept["full--default"].train_seconds == pytest.approx(2 * read)


def test_the_checkpoints_of_a_long_training_lie_on_disk_at_the_peak(planned):
    slow = Speed(10.0, 10.0, 10.0)
    long, _ = planned(layer=slow)
    without, _ = planned(layer=slow, set=("execute.checkpoint_minutes=null",))
    for recipe in ("full--default", "lora--tiny"):
        assert long[recipe].train_seconds > 600
        assert long[recipe].written - without[recipe].written == 2 * 3 * 4 * long[recipe].trainable


def test_weights_that_are_deleted_lie_on_disk_at_the_peak(tiny_spec, monkeypatch):
    monkeypatch.setattr(planning, "calibrated", lambda *_, **__: Kept(calibration=STILL, day="2026-11-28"))
    found = planning.estimate(load(tiny_spec))
    base, full, lora, *_ = found.cells
    samples = base.disk
    assert samples > 0
    assert (full.disk, full.written) == (samples, 4 * found.parameters)
    assert (lora.disk, lora.written) == (samples + 4 * lora.trainable, 0)
    assert found.disk_peak == 2 * samples + samples + 4 * lora.trainable + samples + 4 * found.parameters


def test_full_fine_tuning_of_some_layers_writes_the_whole_model(tiny_model):
    recipe = Recipe(method="full", name="x", layers=Layers(strategy="last", count=1))
    described = planning.describe(recipe, tiny_model["config"])
    assert described.trainable < planning._saved(recipe, described) == described.total


def test_a_large_suite_takes_memory_and_disk(planned):
    cells, counted = planned()
    suites = {**counted.suites, "sums": replace(counted.suites["sums"], items=1_000_000)}
    sizes = [
        memory.scoring(each["sums"], dtype="float32", batch=4, hidden=32, vocabulary=300)
        for each in (suites, counted.suites)
    ]
    assert sizes[0] - sizes[1] > 1_000_000 * 3 * 4_000 * 0.9
    assert cells["base"].memory >= memory.LIBRARIES + sizes[1]


def test_what_trains_takes_float32_whatever_the_models_dtype(tiny_model):
    adapter = Recipe(method="lora", name="x", peft={"peft_type": "LORA", "r": 2, "target_modules": ["q_proj"]})
    full = Recipe(method="full", name="x")
    weights = {
        (recipe.id, width): trainings.Known.of(recipe, tiny_model["config"], width, "cpu")
        for recipe in (planning.BASE, adapter, full)
        for width in (2, 4)
    }
    base = {width: weights["base--untuned", width].weights for width in (2, 4)}
    assert base[4] == 2 * base[2]
    assert weights["full--x", 2].weights == weights["full--x", 4].weights == base[4]
    for width in (2, 4):
        known = weights["lora--x", width]
        assert known.weights == base[width] + 4 * known.description.trainable


def test_rows_that_are_too_long_are_counted_for_each_recipe(planned, tmp_path):
    path = tmp_path / "adapters" / "lora--tiny.json"
    declared = json.loads(path.read_text())
    declared["training"] |= {"max_length": 7}
    path.write_text(json.dumps(declared))
    cells, counted = planned()
    assert cells["base"].rows is None
    assert cells["full--default"].rows == RowCounts(total=12, cut=0, dropped=0, max_length=64)
    short, shortened = sum(whole > 7 for _, whole in counted.rows.spans), cells["lora--tiny"].rows
    assert (shortened.cut + shortened.dropped, shortened.max_length) == (short, 7)
    assert short > 0


def test_as_many_cells_run_at_once_as_memory_holds_with_their_activations(tiny_spec, monkeypatch):
    """A batch eight times as large takes more than twice as much beside libraries and weights: fewer of it fit."""
    monkeypatch.setattr(memory, "LIBRARIES", 0)

    def sized(rows, **execute):
        fields = (f"training.per_device_train_batch_size={rows}", *(f"execute.{k}={v}" for k, v in execute.items()))
        return load(tiny_spec, overrides=Overrides(set=fields))

    small, large = (trainings.largest_cell(each, count_tokens(each, Unknown())) for each in (sized(2), sized(64)))
    counted = count_tokens(sized(2), Unknown())
    longest = max(counted.rows.lengths)
    logits = counted.rows.completion_tokens * 300 * 12
    assert large - small == pytest.approx(62 * (longest * 32 * 2 * 68 + logits), rel=0.2)
    monkeypatch.setattr(memory.psutil, "virtual_memory", lambda: SimpleNamespace(available=large + small))
    several = [sized(rows, workers=4, threads=1) for rows in (2, 64)]
    fitting = [
        planning.cells_that_fit(each, "cpu", lambda each=each: count_tokens(each, Unknown())) for each in several
    ]
    assert fitting == [1 + large // small, 1]
    assert planning.cells_that_fit(sized(64), "cpu", lambda: 1 / 0) is None


def test_a_plan_works_out_once_what_a_recipe_comes_to(tiny_spec, monkeypatch):
    worked_out, describe = [], trainings.describe
    monkeypatch.setattr(trainings, "describe", lambda recipe, *_: worked_out.append(recipe.id) or describe(recipe, *_))
    monkeypatch.setattr(planning, "calibrated", lambda *_, **__: Kept(calibration=STILL, day="2026-11-28"))
    experiment = load(tiny_spec, overrides=Overrides(set=("execute.workers=2", "execute.threads=1")))
    planning.estimate(experiment)
    assert sorted(worked_out) == sorted([trainings.BASE.id, *(each.id for each in experiment.recipes)])
