"""A batch read in parts, where a device does not hold all of its rows at once: the same examples, the same gradient.

This is what halving a batch and doubling the accumulation comes to. Parts of the batch as it was drawn keep everything
else: which rows make a step, the end of an epoch, rows that are dropped at it, and what the seed draws. Each part's
loss is a sum over the labels of the whole step, so that parts of different length weigh as they do together.
"""

from collections.abc import Mapping

from torch import Tensor


def parts_of(inputs: Mapping[str, Tensor], rows: int | None) -> list[dict[str, Tensor]]:
    """Return a batch padded on the right in parts of `rows` rows at most, in their order, each as wide as its longest.

    `inputs`: input_ids, attention_mask and labels, each (rows, length). None is all rows, and nothing is cut off then.
    """
    count = len(inputs["input_ids"])
    if rows is None or rows >= count:
        return [dict(inputs)]
    return [_part(inputs, slice(start, start + rows)) for start in range(0, count, rows)]


def _part(inputs: Mapping[str, Tensor], rows: slice) -> dict[str, Tensor]:
    read = inputs["attention_mask"][rows].any(dim=0).nonzero()
    width = int(read[-1]) + 1 if len(read) else 1
    return {name: tensor[rows, :width] for name, tensor in inputs.items()}
