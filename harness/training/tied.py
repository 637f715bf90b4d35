"""The gradient of an embedding that is the output head as well, added to the head's where a batch has tokens.

Autograd writes a table of zeros as large as the vocabulary for the embedding's gradient, adds the rows of the batch's
tokens to it, and the whole table to the head's gradient: three passes over the largest matrix of a small model for some
hundred rows. Going back, the head comes first, so that its gradient is there when the embedding's rows are; they are
summed among themselves in the same order and added once, which makes the same bits.
"""

import contextlib
from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional


@contextlib.contextmanager
def tied_gradient(model: Any) -> Iterator[bool]:
    """Let the forward pass in the block, and the backward pass that follows it, add the embedding's gradient by rows.

    Yields whether it is done: for a plain embedding on a CPU whose weight trains, is the head's too, and has no
    gradient yet. One forward pass a block: of two, the second's rows would come before the first's head.
    """
    embedding = model.get_input_embeddings()
    if not _is_tied(embedding, model.get_output_embeddings()):
        yield False
        return
    anchor = torch.zeros((), requires_grad=True)  # what makes autograd go back through the embedding
    embedding.forward = lambda ids: _ByRows.apply(anchor, ids, embedding)
    try:
        yield True
    finally:
        del embedding.forward


def _is_tied(embedding: Any, head: Any) -> bool:
    if type(embedding) is not nn.Embedding or type(head) is not nn.Linear or head.weight is not embedding.weight:
        return False
    weight = embedding.weight
    plain = embedding.max_norm is None and not embedding.sparse and not embedding.scale_grad_by_freq
    free = "forward" not in vars(embedding) and weight.grad is None
    # An optimizer that steps as soon as a gradient is summed would step on the head's alone.
    watched = weight._backward_hooks or weight._post_accumulate_grad_hooks  # noqa: SLF001 - nothing else tells
    return plain and free and not watched and weight.requires_grad and weight.device.type == "cpu"


class _ByRows(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, anchor: Tensor, ids: Tensor, embedding: nn.Embedding) -> Tensor:
        del anchor
        ctx.save_for_backward(ids)
        ctx.embedding = embedding
        return functional.embedding(ids, embedding.weight)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[None, None, None]:
        (ids,), (gradient,) = ctx.saved_tensors, gradients
        weight, padding = ctx.embedding.weight, ctx.embedding.padding_idx
        seen, rows = ids.reshape(-1), gradient.reshape(-1, gradient.shape[-1])
        if padding is not None:  # whose row has no gradient of the embedding's
            seen, rows = seen[seen != padding], rows[seen != padding]
        tokens, places = seen.unique(return_inverse=True)
        sums = torch.zeros(len(tokens), rows.shape[1], dtype=rows.dtype).index_add_(0, places, rows)
        if weight.grad is None:  # a head that had no part in the loss
            weight.grad = torch.zeros_like(weight)
        weight.grad[tokens] += sums
        return None, None, None
