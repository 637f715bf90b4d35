"""Processes that share a training make the steps of one: the same examples a step, each of them once, in one order."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.nn.utils.rnn import pad_sequence

from harness.errors import RecipeError
from harness.plan.batch import examples_a_step
from harness.training.shared import batches_of_one, own_rows, shared_fields

SIZES = st.integers(1, 12)
LENGTHS = st.lists(st.integers(1, 9), min_size=1, max_size=12)


def padded(lengths):
    rows = [torch.arange(1, length + 1) + 100 * number for number, length in enumerate(lengths)]
    ids = pad_sequence(rows, batch_first=True)
    return {"input_ids": ids, "attention_mask": (ids > 0).long(), "labels": ids}


def fields(batch, accumulation):
    return {"per_device_train_batch_size": batch, "gradient_accumulation_steps": accumulation}


@given(SIZES, SIZES, st.integers(2, 8))
def test_a_step_has_the_examples_of_one_device_and_a_process_no_more_at_once(batch, accumulation, processes):
    asked = fields(batch, accumulation)
    if batch * accumulation % processes:
        with pytest.raises(RecipeError, match=f"= {batch * accumulation} examples a step"):
            shared_fields(asked, processes)
        return
    shared = shared_fields(asked, processes)
    assert examples_a_step(shared) == batch * accumulation
    together = shared["per_device_train_batch_size"]
    assert together % processes == together % batch == 0
    assert together // processes <= batch


def test_the_defaults_of_sft_config_are_shared_too():
    assert shared_fields({}, 2) == fields(8, 1)
    assert shared_fields({"gradient_accumulation_steps": 4}, 32) == fields(32, 1)


@given(LENGTHS, st.integers(1, 5))
def test_every_row_counts_in_one_process_and_all_processes_compute(lengths, processes):
    batch = padded(lengths)
    owned = [own_rows(batch, place, processes) for place in range(processes)]
    assert all(len(own["input_ids"]) for own, _ in owned)
    rows = [row for own, counts in owned if counts for row in own["input_ids"]]
    assert [int((row > 0).sum()) for row in rows] == lengths
    assert [int(row[0]) for row in rows] == [100 * number + 1 for number in range(len(lengths))]
    assert all(own["attention_mask"].sum(1).max() == own["labels"].shape[1] for own, _ in owned)


@given(LENGTHS, st.integers(1, 5), st.sampled_from([None, 1, 4]))
def test_a_batch_of_all_is_the_batches_that_one_device_would_have_had(lengths, rows, multiple):
    found = batches_of_one(padded(lengths), rows, multiple)
    alone = [padded(lengths[first : first + rows])["input_ids"] for first in range(0, len(lengths), rows)]
    assert len(found) == len(alone)
    for place, (ours, theirs) in enumerate(zip(found, alone, strict=True)):
        assert torch.equal((ours[:, : theirs.shape[1]] > 0), theirs > 0)
        if multiple in (None, 1):
            whole = torch.where(theirs > 0, theirs + 100 * rows * place, 0)
            assert torch.equal(ours, whole)
        else:
            assert ours.shape[1] <= -(-theirs.shape[1] // multiple) * multiple
