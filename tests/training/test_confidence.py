"""What rows cost a model: each row's own, whatever batch it is read in, and as a plain forward pass has it."""

import pytest
import torch
from torch.nn import functional

from harness.sources import models
from harness.spec import load
from harness.training.confidence import row_losses
from harness.training.tokens import tokens_of

ROWS = [{"prompt": "1 + 1 =", "completion": " 2"}, {"prompt": "12 + 1 =", "completion": " 13 14"}] * 2


@pytest.fixture
def base(tiny_spec):
    return models.load(load(tiny_spec).model, device="cpu")


def test_a_rows_loss_is_the_mean_over_its_completion_alone(base):
    found = row_losses(base.model, ROWS, base.tokenizer, {"per_device_train_batch_size": 3})
    for row, loss in zip(ROWS, found, strict=True):
        ids, prompt = tokens_of(row, base.tokenizer)
        with torch.no_grad():
            logits = base.model(torch.tensor([ids])).logits[0, prompt - 1 : -1]
        assert loss == pytest.approx(float(functional.cross_entropy(logits, torch.tensor(ids[prompt:]))), rel=1e-4)
    assert found[:2] == pytest.approx(found[2:], rel=1e-4)
    assert found[0] != found[1]


def test_a_row_that_does_not_train_costs_nothing(base):
    rows = [{"prompt": "p" * 60, "completion": " 1"}, *ROWS]
    found = row_losses(base.model, rows, base.tokenizer, {"max_length": 24})
    assert found[0] == 0.0
    assert all(found[1:])
