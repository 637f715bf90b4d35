"""How a training reads its batches: rows end to end where a model says the same of them, and from where it trains on.

TRL's `padding_free` does the packing in its collator, where neither the order of examples nor their number can be read
off a batch any more: the batch stays padded here until the loss is taken.
"""

import contextlib
import time
from collections.abc import Sequence
from contextlib import AbstractContextManager
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn

from harness.methods._base import tokens_before_input
from harness.model.devices import ran_out
from harness.model.modes import evaluation_mode
from harness.training.losses import pack_losses, padded_losses
from harness.training.packing import Pack, packs, tokens_a_pack
from harness.training.prefix import RowsPrefix
from harness.training.state import State

PADDING_FREE = "padding-free"
"""The engine that reads rows laid end to end; any other is ``padded:`` and why."""

FINE, COARSE = 1e-3, 0.1
"""Nats that a token's loss may differ by between the two ways, in float32 and where activations are rounded more."""


class BatchReading:
    """Reads batches of a trainer, and what their labels cost: which way is settled by the first of them.

    `accelerator` and `args` are the trainer's. `padded` says why rows stay padded whatever the model does, None where
    the first batch tells. With a `prefix` lower layers are passed over; what leaves them is computed for all `rows` (a
    table with input_ids) before the first batch is read.
    """

    def __init__(
        self, accelerator: Any, args: Any, *, padded: str | None, prefix: RowsPrefix | None = None, rows: Any = None
    ) -> None:
        self._accelerator, self._args = accelerator, args
        self._prefix, self._rows = prefix, rows
        self._prefix_noted: State = None
        self._prepared = False
        self.engine: str | None = None if padded is None else f"padded: {padded}"
        """How batches are read, `PADDING_FREE` or why not; None until the first is there."""
        self.preparing = 0.0
        """Seconds spent on what enters the lowest trained layer, before the first step."""

    def noted(self) -> dict[str, State]:
        """Return what was settled so far, to go on from."""
        prefix = self._prefix.state() if self._prefix is not None and self._prepared else None
        return {"engine": self.engine, "prefix": prefix}

    def take_up(self, noted: dict[str, State]) -> None:
        """Go on from what `noted` returned."""
        self.engine, self._prefix_noted = noted["engine"], noted["prefix"]

    def packs(self, model: Any, inputs: dict[str, Any]) -> list[Pack] | None:
        """Return a batch's rows end to end, None where they stay padded."""
        if not self.reads_packs(model, inputs):
            return None
        packed = packs(inputs, tokens=tokens_a_pack(self._args.device.type))
        if self._prefix is not None and not self._prepared:
            self._prepare(model, self._prefix, packed[0])
        return packed

    def losses(
        self, model: Any, inputs: dict[str, Any], packed: Sequence[Pack] | None, *, reduction: str = "none"
    ) -> Tensor:
        """Return (labels,) the negative log-likelihood of every label (nats) in the order of rows, or (packs,) sums."""
        head = self._head(model)
        if packed is None:
            return padded_losses(model, head, inputs, reduction)
        losses = []
        for pack in packed:
            with self.passing(pack):
                losses.append(pack_losses(model, head, pack, reduction).reshape(-1))
        return torch.cat(losses)

    def passing(self, pack: Pack) -> AbstractContextManager[None]:
        """Return a context in which lower layers are passed over where what leaves them is at hand."""
        if self._prefix is None or not self._prepared:
            return contextlib.nullcontext()
        return self._prefix.passing(pack)

    def reads_packs(self, model: Any, inputs: dict[str, Any]) -> bool:
        """Tell whether batches are packed, which is settled by two rows of the first."""
        if self.engine is None:
            reason = self._refusal(model, {name: value[:2] for name, value in inputs.items()})
            self.engine = PADDING_FREE if reason is None else f"padded: {reason}"
        return self.engine == PADDING_FREE

    @torch.no_grad()
    def _refusal(self, model: Any, inputs: dict[str, Any]) -> str | None:
        """Return why rows of this model are not packed, None where both ways say the same of two of them.

        What shows there: attention that takes no block mask, a recurrent state, positions taken from columns.
        """
        kind = tokens_before_input(self._accelerator.unwrap_model(model))
        if kind is not None:
            return f"{kind} puts virtual tokens before each row"
        with evaluation_mode(model), self._accelerator.autocast():
            padded = self.losses(model, inputs, None)
            try:
                packed = self.losses(model, inputs, packs(inputs))
            except (RuntimeError, TypeError, ValueError, IndexError, AttributeError) as error:
                if ran_out(error):
                    raise
                return f"the model takes no rows end to end ({type(error).__name__}: {error})"
        apart = float((padded - packed).abs().max()) if len(padded) else 0.0
        within = COARSE if self._rounds(model) else FINE
        return None if apart <= within else f"rows end to end differ by {apart:.2g} nats a token"

    @torch.no_grad()
    def _prepare(self, model: Any, prefix: RowsPrefix, pack: Pack) -> None:
        """Have what enters the lowest trained layer at hand for all rows, and hold it to a pack of the first batch."""
        start = time.perf_counter()

        def read(ids: Tensor, positions: Tensor) -> None:
            device = self._args.device
            model(input_ids=ids.to(device), position_ids=positions.to(device), use_cache=False)

        with evaluation_mode(model), self._accelerator.autocast():
            prefix.prepare(self._rows["input_ids"], read)
        if self._prefix_noted is not None:  # what was checked was the first batch, with the first weights
            prefix.restore(self._prefix_noted)
        else:
            rounded = self._rounds(model)
            with torch.random.fork_rng(), self._accelerator.autocast():
                prefix.check(pack, read, partial(self._evaluated, model, pack), rounded=rounded)
        self._prepared = True
        self.preparing = time.perf_counter() - start

    def _evaluated(self, model: Any, pack: Pack) -> Tensor:
        with evaluation_mode(model):
            return pack_losses(model, self._head(model), pack, "none")

    def _head(self, model: Any) -> nn.Module:
        head: nn.Module = self._accelerator.unwrap_model(model).get_output_embeddings()
        return head

    def _rounds(self, model: Any) -> bool:
        """Tell whether activations are rounded to less than float32."""
        half = any(weight.dtype != torch.float32 for weight in model.parameters())
        return half or self._args.bf16 or self._args.fp16
