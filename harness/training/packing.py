"""A batch's rows laid end to end as one sequence, so that no padding is computed.

Rows of questions are short and of different lengths: a batch of eight padded to its longest holds half again as many
tokens as were written. Laid end to end with positions that start again at each row, without an attention mask and
without a cache, transformers sees where rows begin and lets no row read another. Rows, labels and loss are the same up
to rounding.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from torch import Tensor

IGNORED = -100
"""The label of a token that is not predicted."""

WEIGHTS = "loss_weights"
"""The column of a batch that has each label's weight, (rows, length), beside the labels; not there without weights."""

TOKENS = 2048
"""Tokens a pack holds, unless a single row is longer: attention computes every pair of a pack's tokens."""

TOKENS_ON_CUDA = 4096
"""The same on CUDA, where a pass of a few tokens costs what launching its kernels costs."""


def tokens_a_pack(device: str) -> int:
    """Return how many tokens a pack holds on a kind of device, ``cpu`` or ``cuda``."""
    return TOKENS_ON_CUDA if device == "cuda" else TOKENS


@dataclass(frozen=True, slots=True)
class Pack:
    """Rows end to end: `ids`, `positions` and `labels`, each (1, tokens); every row's positions start at 0.

    `label_weights` (1, tokens) is how much each label counts, None where all count alike.
    """

    ids: Tensor
    positions: Tensor
    labels: Tensor
    label_weights: Tensor | None = None

    @property
    def predicting(self) -> Tensor:
        """(labels,) columns whose next token is predicted."""
        return (self.labels[0, 1:] != IGNORED).nonzero()[:, 0]

    @property
    def targets(self) -> Tensor:
        """(labels,) the tokens that are predicted there."""
        return self.labels[0, 1:][self.labels[0, 1:] != IGNORED]

    @property
    def weights(self) -> Tensor | None:
        """(labels,) how much each of these counts."""
        if self.label_weights is None:
            return None
        return self.label_weights[0, 1:][self.labels[0, 1:] != IGNORED]


def packs(inputs: Mapping[str, Tensor], *, tokens: int = TOKENS) -> list[Pack]:
    """Return a padded batch's rows in packs of at most `tokens` tokens, a longer row by itself, in their order.

    `inputs`: input_ids, attention_mask and labels, each (rows, length). A row's first token is predicted by nothing:
    the token before it is another row's.
    """
    kept = inputs["attention_mask"].bool()
    starts = list(_starts(kept.sum(1).tolist(), tokens))
    return [
        _pack({name: value[start:end] for name, value in inputs.items()}, kept[start:end])
        for start, end in zip(starts, [*starts[1:], len(kept)], strict=True)
    ]


def _starts(lengths: list[int], tokens: int) -> Iterator[int]:
    """Yield the number of each pack's first row."""
    held = 0
    for row, length in enumerate(lengths):
        if row == 0 or held + length > tokens:
            yield row
            held = 0
        held += length


def _pack(rows: Mapping[str, Tensor], kept: Tensor) -> Pack:
    positions = (kept.cumsum(1) - 1)[kept]
    predicted = rows["labels"][kept].masked_fill(positions == 0, IGNORED)
    weights = rows[WEIGHTS][kept][None] if WEIGHTS in rows else None
    return Pack(rows["input_ids"][kept][None], positions[None], predicted[None], weights)
