"""Rows that `max_length` cuts or leaves out are counted, and TRL leaves out as many."""

import pytest
from transformers import AutoTokenizer

from harness.methods.adapt import adapt
from harness.sources import models
from harness.spec.records import Model, Recipe
from harness.trained import RowCounts
from harness.training import train
from harness.training.lengths import count_rows, spans
from harness.training.trainer import CompletionTrainer

ROWS = [{"prompt": "x" * prompt, "completion": "y" * completion} for prompt, completion in ((3, 2), (5, 9), (12, 2))]


@pytest.fixture
def tokenizer(tiny_tokenizer_folder):
    return AutoTokenizer.from_pretrained(tiny_tokenizer_folder)


def test_a_row_is_as_long_as_its_letters_and_the_end(tokenizer):
    assert spans(ROWS, tokenizer) == ((3, 6), (5, 15), (12, 15))
    assert spans([{"prompt": "x", "completion": f"y{tokenizer.eos_token}"}], tokenizer) == ((1, 3),)
    assert spans([], tokenizer) == ()


@pytest.mark.parametrize(
    ("fields", "cut", "dropped"),
    [
        ({"max_length": 15}, 0, 0),
        ({"max_length": 14}, 2, 0),
        ({"max_length": 13}, 2, 0),
        ({"max_length": 12}, 1, 1),
        ({"max_length": 12, "truncation_mode": "keep_end"}, 2, 0),
        ({"max_length": 3}, 0, 3),
        ({"max_length": None}, 0, 0),
        ({}, 0, 0),
    ],
)
def test_what_is_longer_is_cut_or_left_out(tokenizer, fields, cut, dropped):
    counts = count_rows(spans(ROWS, tokenizer), fields)
    assert (counts.total, counts.cut, counts.dropped) == (3, cut, dropped)
    assert counts.max_length == fields.get("max_length", 1024)


@pytest.mark.parametrize("fields", [{"max_length": 12}, {"max_length": 12, "truncation_mode": "keep_end"}])
def test_trl_leaves_out_as_many_and_the_record_says_so(tiny_model, monkeypatch, fields):
    left = []
    whole = CompletionTrainer.train

    def noted(self, **how):
        left.append(list(self.train_dataset["input_ids"]))
        return whole(self, **how)

    monkeypatch.setattr(CompletionTrainer, "train", noted)
    loaded = models.load(Model(**tiny_model))
    adapted = adapt(loaded.model, Recipe(method="full", name="x"), seed=1)
    settings = {"max_steps": 1, "per_device_train_batch_size": 1, **fields}
    done = train(adapted, loaded.tokenizer, ROWS, settings, seed=1, on_step=lambda *_: None)
    (kept,) = left
    assert len(kept) == done.rows.total - done.rows.dropped
    assert sum(len(ids) == 12 for ids in kept) == done.rows.cut


def test_the_counts_of_stages_add_up_and_are_said_in_words():
    both = RowCounts.of_all(
        [RowCounts(total=700, cut=12, dropped=0, max_length=64), RowCounts(total=73, cut=0, dropped=3, max_length=128)]
    )
    assert str(both) == "of 773 rows max_length 64 cuts 12 and leaves 3 out (1.9%)"
    assert RowCounts(total=0, cut=0, dropped=0).share == 0
