"""Training batches before training, for strategies and initialisations that read data."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

import torch
from transformers import PreTrainedTokenizerBase

from harness.methods.batches import Batch, Batches
from harness.sources.data import Row
from harness.training.lengths import cut
from harness.training.packing import IGNORED
from harness.training.tokens import tokens_of


def probe_batches(
    rows: Sequence[Row],
    tokenizer: PreTrainedTokenizerBase,
    fields: Mapping[str, Any],
    *,
    seed: int,
) -> Batches:
    """Return a function that starts a pass over the training rows as tokenised batches, drawn with `seed`.

    A batch has `input_ids`, `attention_mask` and `labels`, each (rows, tokens). It has as many rows as in training, cut
    as there; only completion tokens carry labels, and a row of whose completion nothing is left is left out, as there.
    Two passes yield the same batches.
    """
    size = int(fields.get("per_device_train_batch_size", 8))

    def batches() -> Iterator[Batch]:
        order = torch.randperm(len(rows), generator=torch.Generator().manual_seed(seed)).tolist()
        kept = (cut(*tokens_of(rows[index], tokenizer), fields) for index in order)
        examples = (each for each in kept if each is not None)
        while len(batch := list(islice(examples, size))) == size:
            yield padded(batch, int(tokenizer.pad_token_id))

    return batches


def padded(examples: Sequence[tuple[Sequence[int], int]], pad: int) -> Batch:
    """Return token ids with the number of those that are no completion as one batch, filled up with `pad`."""
    width = max(len(ids) for ids, _ in examples)
    ids = torch.full((len(examples), width), pad)
    labels = torch.full((len(examples), width), IGNORED)
    mask = torch.zeros((len(examples), width), dtype=torch.long)
    for row, (tokens, prompt) in enumerate(examples):
        ids[row, : len(tokens)] = torch.tensor(tokens)
        labels[row, prompt : len(tokens)] = ids[row, prompt : len(tokens)]
        mask[row, : len(tokens)] = 1
    return {"input_ids": ids, "attention_mask": mask, "labels": labels}
