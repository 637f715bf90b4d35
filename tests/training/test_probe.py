"""Training batches before training: labelled, cut and ordered as in training, and the same twice."""

import pytest

from harness.methods.adapt import adapt
from harness.sources import models
from harness.spec.records import Recipe
from harness.training import train
from harness.training.probe import probe_batches
from harness.training.rows import training_rows
from harness.training.trainer import CompletionTrainer


def test_probe_batches_leave_out_rows_that_are_cut_before_their_completion(tokenizer):
    rows = [{"prompt": "p" * (60 if n % 2 else 3), "completion": f" {n}"} for n in range(8)]
    start = probe_batches(rows, tokenizer, {"per_device_train_batch_size": 2, "max_length": 16}, seed=3)
    batches = list(start())
    assert len(batches) == 2
    assert all((batch["labels"] != -100).any(dim=1).all() for batch in batches)


def test_probe_batches_label_completions_only_and_repeat(experiment, tokenizer):
    rows = training_rows(experiment, tokenizer)
    start = probe_batches(rows, tokenizer, {"per_device_train_batch_size": 4, "max_length": 64}, seed=3)
    first, second = list(start()), list(start())
    assert [batch["input_ids"].tolist() for batch in first] == [batch["input_ids"].tolist() for batch in second]
    assert [len(batch["input_ids"]) for batch in first] == [4, 4, 4]
    for batch in first:
        labelled = batch["labels"] != -100
        assert (batch["labels"][labelled] == batch["input_ids"][labelled]).all()
        answers = tokenizer.batch_decode([row[mask] for row, mask in zip(batch["labels"], labelled, strict=True)])
        assert all(answer.endswith("<eos>") and answer.strip(" <eos>").isdigit() for answer in answers)


@pytest.mark.parametrize(
    "fields",
    [{}, {"max_length": None}, {"max_length": 12}, {"max_length": 12, "truncation_mode": "keep_end"}],
    ids=["nothing said", "no limit", "12 first", "12 last"],
)
def test_probe_batches_hold_the_rows_that_training_reads(fields, experiment, monkeypatch):
    rows = [
        {"prompt": "x" * prompt, "completion": "y" * completion}
        for prompt, completion in ((3, 2), (5, 9), (12, 2), (2, 30), (1030, 4), (1000, 60))
    ]
    read = {}
    whole = CompletionTrainer.train

    def noted(self, **how):
        for row in self.train_dataset:
            read[tuple(row["input_ids"])] = sum(label != -100 for label in row["labels"])
        return whole(self, **how)

    monkeypatch.setattr(CompletionTrainer, "train", noted)
    loaded = models.load(experiment.model)
    loaded.tokenizer.model_max_length = 512  # what a tokenizer says of itself cuts nothing
    adapted = adapt(loaded.model, Recipe(method="full", name="x"), seed=1)
    settings = {"per_device_train_batch_size": 1, **fields}
    train(adapted, loaded.tokenizer, rows, {**settings, "max_steps": 1}, seed=1, on_step=lambda *_: None)
    probed = {
        tuple(batch["input_ids"][0].tolist()): int((batch["labels"] != -100).sum())
        for batch in probe_batches(rows, loaded.tokenizer, settings, seed=3)()
    }
    assert probed == read
