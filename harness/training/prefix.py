"""What enters the lowest trained layer, of every training row, computed once for all cells that share the layers below.

The rows are read in the order of the data set, in packs that no cell has a say in, so that whoever computes them comes
to the same bits, and a training batch takes its rows from there. A row's neighbours are others then than in a batch, so
its numbers are a plain forward pass's up to rounding: whether this is done is part of a cell's identity.
"""

import contextlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from harness.codec import JSON, decode, encode
from harness.methods._base import Adapted, base_of
from harness.model.below import adapted_below, batch_digest, prefix_keys
from harness.model.decoder import layer_names
from harness.model.devices import ran_out
from harness.model.entering import entering, entering_alone, passed_over
from harness.model.prefix_store import PrefixStore
from harness.trained import FrozenPrefix
from harness.training.packing import Pack

TOKENS = 256
"""Tokens of a pack in which rows are computed: attention costs their square."""

FINE, COARSE = 1e-4, 2**-5
"""How far what was kept may be from what a cell computes, as a share of its largest value: in float32, and in less."""

Row = tuple[int, ...]
Read = Callable[[Tensor, Tensor], Any]
"""Lets a model read ids at positions, each (1, tokens), without gradients."""


class RowsPrefix:
    """What enters the lowest trained layer of a cell, by training row: read from a folder, or computed and kept there.

    At most `bound` bytes are held; where all rows are more, none are. Whether they are depends on the rows alone, and
    not on what the folder takes: a cell that cannot keep them computes and holds them for itself.
    """

    def __init__(self, adapted: Adapted, folder: Path, *, bound: int, autocast: str | None = None) -> None:
        base = base_of(adapted.model)
        self._store = PrefixStore(folder, bound=bound)
        self._bound = bound
        self._layer = min(adapted.layers, default=0)
        self._reason = _refusal(adapted, self._layer)
        wanted = [] if self._reason else [self._layer]
        self._layers = [base.get_submodule(name) for name in layer_names(base)] if wanted else []
        self._key = prefix_keys(base, wanted, autocast=autocast).get(self._layer, "")
        self._rows: dict[Row, Tensor] = {}
        self._members: int | None = None
        self._used = FrozenPrefix(layers=(self._layer,))

    @property
    def used(self) -> FrozenPrefix:
        """What was kept, by packs of rows, and read, by packs of a batch; why nothing was, where that is so.

        Its seconds are the trainer's to say, who knows what else a start took.
        """
        trouble = self._store.trouble
        notes = [self._reason, f"nothing is kept for other cells: {trouble}" if trouble else None]
        return replace(self._used, notes=(*self._used.notes, *filter(None, notes)))

    def prepare(self, rows: Sequence[Sequence[int]], read: Read) -> None:
        """Have all rows at hand, computed by `read` where nobody has; a model in evaluation mode is to read them."""
        packs = [] if self._reason else list(_packed(rows))
        tokens = sum(len(row) for pack in packs for row in pack)
        for pack in packs:
            hidden = self._of_pack(pack, read, tokens)
            if self._reason is not None:
                break
            self._rows.update(zip(pack, hidden[0].split([len(row) for row in pack]), strict=True))

    def check(self, pack: Pack, as_trained: Read, losses: Callable[[], Tensor], *, rounded: bool) -> None:
        """Hold what is at hand of a batch to what the cell computes; beyond rounding, nothing of it is used.

        `as_trained` reads in training mode: what dropout or noise does below the layer shows there. `losses` are those
        of the pack in evaluation mode.
        """
        kept = self._of(pack)
        if kept is None:
            return
        plain = entering_alone(self._layers, self._layer, lambda: as_trained(pack.ids, pack.positions))
        apart = float((plain.float() - kept.float()).abs().max() / plain.float().abs().max())
        self._used = replace(self._used, difference=apart)
        with entering(self._layers, [self._layer]) as entered:
            before = losses()
        self._members = entered.members
        try:
            with self.passing(pack):
                after = losses()
        except (RuntimeError, TypeError, ValueError, IndexError, KeyError, AttributeError) as error:
            if ran_out(error):
                raise
            self._leave(f"the model's lower layers cannot be passed over ({type(error).__name__}: {error})")
            return
        limit = COARSE if rounded else FINE
        if not apart <= limit:
            self._leave(f"what enters layer {self._layer} differs by {apart:.2g} of its largest value in training")
        elif not float((before - after).abs().max()) <= limit * max(1.0, float(before.abs().max())):
            self._leave(f"with it losses of one batch differ by {float((before - after).abs().max()):.2g} nats")

    def state(self) -> JSON:
        """Return what was found out about it so far, for a checkpoint of the training."""
        return {"used": encode(self._used), "members": self._members, "reason": self._reason}

    def restore(self, state: JSON) -> None:
        """Go on from what `state` returned, once all rows are at hand; what was refused then is not used."""
        self._used, self._members = decode(FrozenPrefix, state["used"]), state["members"]
        if state["reason"] is not None:
            self._reason = state["reason"]
            self._rows.clear()

    def passing(self, pack: Pack) -> AbstractContextManager[None]:
        """Return a context in which a forward pass of the pack starts at the layer; a plain one where a row is new."""
        kept = self._of(pack)
        if kept is None:
            return contextlib.nullcontext()
        self._used = replace(self._used, read=self._used.read + 1)
        return passed_over(self._layers, self._layer, kept, members=self._members)

    def _of(self, pack: Pack) -> Tensor | None:
        """Return what enters the layer of a pack's rows, (1, tokens, hidden), on its device; None where one is new."""
        if self._reason is not None:
            return None
        found = [self._rows.get(row) for row in _rows_of(pack)]
        known = [each for each in found if each is not None]
        return torch.cat(known)[None].to(pack.ids.device) if len(known) == len(found) else None

    def _of_pack(self, rows: Sequence[Row], read: Read, tokens: int) -> Tensor:
        """Return what enters the layer of rows in a pack, (1, tokens, hidden): kept, or computed and kept.

        All rows are so many `tokens`; where they are more than may be held, nothing is used.
        """
        ids = torch.tensor([[token for row in rows for token in row]])
        positions = torch.tensor([[place for row in rows for place in range(len(row))]])
        name = batch_digest(ids, positions)
        try:
            kept = self._store.read(self._key, name)
        except ValueError as error:
            kept = None
            self._used = replace(self._used, notes=(*self._used.notes, f"not used: {error}"))
        if kept is not None:
            return kept
        hidden = entering_alone(self._layers, self._layer, lambda: read(ids, positions)).detach().cpu()
        needed = tokens * hidden.shape[-1] * hidden.element_size()
        if needed > self._bound:
            self._leave(f"the rows are {needed:,} bytes, execute.frozen_prefix_bytes are {self._bound:,}")
            return hidden
        size = self._store.keep(self._key, name, hidden)
        self._used = replace(self._used, kept=self._used.kept + (size > 0), bytes=self._used.bytes + size)
        return hidden

    def _leave(self, reason: str) -> None:
        self._reason = f"not used: {reason}"
        self._rows.clear()


def _refusal(adapted: Adapted, layer: int) -> str | None:
    """Return why the rows' lower layers are not the base's, as far as that shows in the model."""
    if layer == 0:
        return "not used: the lowest layer trains, or none"
    base = base_of(adapted.model)
    wrapped = adapted_below(base, layer)
    if wrapped is not None:
        return f"not used: {wrapped} is adapted, below layer {layer}"
    below = layer_names(base)[:layer]
    embedding = base.get_input_embeddings()
    modules = [embedding, *(base.get_submodule(name) for name in below)]
    if any(weight.requires_grad for module in modules for weight in module.parameters()):
        return f"not used: something trains below layer {layer}"
    return None


def _packed(rows: Sequence[Sequence[int]]) -> Iterator[tuple[Row, ...]]:
    """Yield the different rows in packs of at most `TOKENS` tokens, a longer one by itself, in their order."""
    held: list[Row] = []
    for row in dict.fromkeys(tuple(each) for each in rows):
        if held and sum(map(len, held)) + len(row) > TOKENS:
            yield tuple(held)
            held = []
        held.append(row)
    if held:
        yield tuple(held)


def _rows_of(pack: Pack) -> list[Row]:
    starts = (pack.positions[0] == 0).nonzero()[:, 0].tolist()
    ids = pack.ids[0].tolist()
    return [tuple(ids[start:end]) for start, end in zip(starts, [*starts[1:], len(ids)], strict=True)]
