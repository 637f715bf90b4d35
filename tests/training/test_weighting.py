"""A row's weight is how much its labels count in the loss: whichever way rows are read, and nowhere but there."""

import json

import pytest
import torch
from transformers import TrainerCallback

from harness.errors import TaskError
from harness.methods.adapt import adapt
from harness.sources import models
from harness.sources.data import DataContext, read_rows, rows_sha256
from harness.spec.records import Data, Model, Recipe
from harness.suites.weights import weight_in
from harness.training import train
from harness.training.losses import labels_of
from harness.training.packing import IGNORED, WEIGHTS
from harness.training.shared import own_rows
from harness.training.weighting import weights_of

FIELDS = {
    "per_device_train_batch_size": 3,
    "gradient_accumulation_steps": 2,
    "max_steps": 2,
    "max_length": 64,
    "learning_rate": 1e-2,
    "max_grad_norm": 0.0,  # clipping would hide a factor
}
ROWS = [{"prompt": "Q" * (3 + 5 * (n % 3)), "completion": " a" * (1 + 3 * (n % 4))} for n in range(12)]
WEIGHED = [{**row, "weight": repr([0.25, 0.0, 3.0, 1.0][number % 4])} for number, row in enumerate(ROWS)]


class Gradients(TrainerCallback):
    """Keeps the gradient of every step."""

    def __init__(self):
        self.found = []

    def on_pre_optimizer_step(self, args, state, control, *, model, **kwargs):
        self.found.append(
            {name: weight.grad.clone() for name, weight in model.named_parameters() if weight.requires_grad}
        )


@pytest.fixture
def trained(tiny_model):
    def run(rows, *, padding_free=True, rows_at_once=None, **changes):
        loaded, gradients = models.load(Model(**tiny_model)), Gradients()
        result = train(
            adapt(loaded.model, Recipe(method="full", name="x"), seed=1),
            loaded.tokenizer,
            rows,
            {**FIELDS, **changes},
            seed=1,
            on_step=lambda *_: None,
            callbacks=[gradients],
            padding_free=padding_free,
            rows_at_once=rows_at_once,
        )
        return result, gradients.found

    return run


def alike(found, expected):
    for step, whole in zip(found, expected, strict=True):
        for name, gradient in whole.items():
            torch.testing.assert_close(step[name], gradient, rtol=1e-3, atol=2e-5)


def test_rows_end_to_end_padded_and_in_parts_weigh_alike(trained):
    packed, expected = trained(WEIGHED)
    assert packed.engine == "padding-free"
    padded, found = trained(WEIGHED, padding_free=False)
    assert padded.engine.startswith("padded")
    alike(found, expected)
    alike(trained(WEIGHED, rows_at_once=2)[1], expected)
    assert packed.losses == pytest.approx(padded.losses, abs=1e-4)


def test_accumulated_batches_weigh_as_one_batch_does(trained):
    two = trained(WEIGHED)[1]
    one = trained(WEIGHED, per_device_train_batch_size=6, gradient_accumulation_steps=1)[1]
    alike(two, one)


def test_equal_weights_change_nothing_and_another_one_does(trained):
    plain = trained(ROWS)[1]
    alike(trained([{**row, "weight": "2.5"} for row in ROWS])[1], plain)
    other = trained(WEIGHED)[1]
    assert max(float((other[0][name] - plain[0][name]).abs().max()) for name in plain[0]) > 1e-3


def test_a_weight_of_two_is_the_row_twice(trained):
    twice = [ROWS[0], ROWS[0], ROWS[1], ROWS[1], ROWS[2], ROWS[2], *ROWS[3:6]]
    weighed = [*({**row, "weight": "2"} for row in ROWS[:3]), *ROWS[3:6]]
    fields = {"gradient_accumulation_steps": 1, "max_steps": 1}
    expected = trained(twice, per_device_train_batch_size=9, **fields)[1]
    alike(trained(weighed, per_device_train_batch_size=6, **fields)[1], expected)


def test_a_row_of_weight_nothing_leaves_no_trace_in_the_gradient(trained):
    fields = {"per_device_train_batch_size": 6, "gradient_accumulation_steps": 1, "max_steps": 1}
    one = [*ROWS[:5], {"prompt": "Q", "completion": " a", "weight": "0"}]
    other = [*ROWS[:5], {"prompt": "Z", "completion": " b c", "weight": "0"}]
    alike(trained(one, **fields)[1], trained(other, **fields)[1])


def test_training_without_weights_is_what_it_was_to_the_bit(trained, monkeypatch):
    """Nothing of weights is reached where no row has one."""
    expected = trained(ROWS)[0]
    monkeypatch.setattr("harness.training.trainer.Weighing", None)
    monkeypatch.setattr("harness.training.losses.WEIGHTS", "nowhere")
    found = trained(ROWS)[0]
    assert (found.losses, found.order) == (expected.losses, expected.order)


def test_a_weight_is_part_of_what_rows_are_and_none_is_not():
    plain = rows_sha256(ROWS)
    assert plain == "c19044239b830c2113ec2bff9ac974bbb1c0d357eb0c2aa9c916cf81e1320b74"
    assert rows_sha256([{**row, "form": "x"} for row in ROWS]) == plain
    assert len({plain, rows_sha256(WEIGHED), rows_sha256([{**row, "weight": "1.0"} for row in ROWS])}) == 3


def test_processes_that_share_a_batch_weigh_what_one_weighs():
    ids = torch.ones(5, 4, dtype=torch.long)
    labels = ids.masked_fill(torch.arange(4) < torch.tensor([[1], [2], [3], [1], [2]]), IGNORED)
    weights = torch.tensor([0.5, 2.0, 0.0, 1.0, 3.0])[:, None].expand(5, 4)
    batch = {"input_ids": ids, "attention_mask": ids, "labels": labels, WEIGHTS: weights}
    owned = [own_rows(batch, place, 2)[0] for place in range(2)]
    assert float(labels_of(batch)) == 0.5 * 3 + 2.0 * 2 + 1.0 * 3 + 3.0 * 2
    assert float(labels_of(*owned)) == float(labels_of(batch))


@pytest.mark.parametrize("weight", [-1, "heavy", None, True, float("nan"), float("inf"), [1], "1e999"])
def test_a_weight_that_is_none_is_refused(weight):
    with pytest.raises(ValueError, match=r"`weight` is .*, and not a number of 0 or more"):
        weight_in({"weight": weight})


def test_weights_that_are_all_nothing_are_refused():
    with pytest.raises(TaskError, match="all 2 training rows have the weight 0"):
        weights_of([{"prompt": "a", "completion": "b", "weight": "0.0"}] * 2)
    assert weights_of(ROWS) is None
    assert weights_of([ROWS[0], {**ROWS[1], "weight": "2"}]) == [1.0, 2.0]


def test_a_weight_comes_with_the_row_of_a_file(tmp_path, context):
    path = tmp_path / "rows.jsonl"
    rows = [{"prompt": "a", "completion": " b", "weight": 2}, {"prompt": "c", "completion": " d"}]
    path.write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    read = read_rows(Data(source="jsonl", path=str(path)), context)
    assert [row.get("weight") for row in read] == ["2.0", None]
    table = tmp_path / "rows.csv"
    table.write_text("prompt,completion,weight\na, b,0.5\n", encoding="utf-8")
    assert read_rows(Data(source="csv", path=str(table)), context)[0]["weight"] == "0.5"


def test_every_row_of_a_file_with_a_wrong_weight_is_named(tmp_path, context):
    path = tmp_path / "rows.jsonl"
    rows = [{"prompt": "a", "completion": " b", "weight": weight} for weight in (1, -2, "much")]
    path.write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    with pytest.raises(TaskError) as told:
        read_rows(Data(source="jsonl", path=str(path)), context)
    assert "2 of 3 rows cannot be trained on" in str(told.value)
    assert "line 2: `weight` is -2, and not a number of 0 or more; line 3: `weight` is 'much'" in str(told.value)


@pytest.fixture
def context(tmp_path):
    return DataContext(beside=tmp_path, include=(), chat_template=None, render=None)
