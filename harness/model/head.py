"""The output head run at the places that matter only: on a CPU the vocabulary is the dearest part of a small model."""

import contextlib
from collections.abc import Iterator

from torch import Tensor, nn


@contextlib.contextmanager
def projected_at(head: nn.Module, row: Tensor, column: Tensor, *, length: int) -> Iterator[None]:
    """Let `head` see only the hidden states at (row, column): its output is (1, places, vocabulary).

    `length` is the number of tokens of the input; hidden states before them, of virtual tokens, are counted past.
    Hooking the head, instead of calling decoder and head apart, keeps whatever a model or an adapter does
    between and around them (virtual tokens, scaled or capped logits, an adapted head).
    """

    def select(_module: nn.Module, arguments: tuple[Tensor]) -> tuple[Tensor]:
        (hidden,) = arguments  # (rows, virtual tokens + length, hidden)
        shift = hidden.shape[1] - length
        return (hidden[row.to(hidden.device), column.to(hidden.device) + shift][None],)

    hook = head.register_forward_pre_hook(select)
    try:
        yield
    finally:
        hook.remove()
