"""What enters a model's lowest trained layer, computed once for all models that share the layers below it.

Every model of an experiment is scored in the same batches, so where two share all weights below a layer, what enters it
is the same in every bit. The first that computes it keeps it, the others read it and compute from that layer up. One
batch of every model is computed both ways: unless both give the same logits, bit by bit, nothing that was kept is used.
"""

import logging
import math
import time
from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any, TypeVar

import torch
from torch import Tensor

from harness.methods._base import base_of
from harness.model.below import adapted_below, prefix_keys
from harness.model.decoder import layer_names
from harness.model.devices import ran_out
from harness.model.entering import entering, passed_over
from harness.model.precision import mixed
from harness.model.prefix_store import PrefixStore
from harness.trained import FrozenPrefix

Opened = TypeVar("Opened")

_log = logging.getLogger(__name__)


class PrefixReader:
    """A model's lower layers, computed or read.

    What enters `layer`, the lowest that trains, is read where it was kept and kept where it was not; of a model that
    trains nothing, `layer` is None, and what enters the layers `keep` is kept for those that will.
    """

    def __init__(self, model: Any, store: PrefixStore, *, layer: int | None = None, keep: Collection[int] = ()) -> None:
        base = base_of(model)
        self._store = store
        self._layers = [base.get_submodule(name) for name in layer_names(base)]
        self._layer = layer
        self._keep = sorted({layer} if layer is not None else keep)
        self._keys = prefix_keys(base, self._keep, autocast=mixed(model))
        self._members: int | None = None
        self._difference: float | None = None
        self._reason = None if layer is None else _wrapped(base, layer)
        self._notes: list[str] = []
        self._spoiled: set[str] = set()
        self._counted = _Counts()
        if self._reason is not None:
            self._keep = []

    def through(self, batch: str, opened: Callable[[bool], Opened], logits: Callable[[Opened], Tensor]) -> Tensor:
        """Return the logits of a batch, which its digest names.

        `opened` returns what the model has read before, with all layers or (False) with those from `layer` up at least;
        `logits` lets the model read on from that.
        """
        kept = self._found(batch)
        if kept is not None and self._difference is not None:
            return self._passing(kept, lambda: logits(opened(False)))
        before = opened(True)
        plain = self._keeping(batch, lambda: logits(before))
        if kept is not None:
            self._check(plain, kept, lambda: logits(opened(False)))
        return plain

    def opening(self, batch: str, read: Callable[[], Opened], *, whole: bool) -> Opened:
        """Return what `read` makes of an opening, which its digest names: with all layers, or from `layer` up."""
        kept = None if whole else self._found(batch)
        return self._keeping(batch, read) if kept is None else self._passing(kept, read)

    def used(self) -> FrozenPrefix:
        """Return what was read and kept since this was asked last."""
        counted, self._counted = self._counted, _Counts()
        notes = [*self._notes, *([self._reason] if self._reason else []), *self._trouble()]
        self._notes = []
        return FrozenPrefix(
            layers=(self._layer,) if self._layer is not None else tuple(self._keep),
            read=counted.read,
            kept=counted.kept,
            bytes=counted.bytes,
            seconds=counted.seconds,
            difference=self._difference if math.isfinite(self._difference or 0.0) else None,
            notes=tuple(notes),
        )

    def _trouble(self) -> list[str]:
        return [] if self._store.trouble is None else [f"nothing more is kept: {self._store.trouble}"]

    def _found(self, batch: str) -> Tensor | None:
        """Return what was kept of a batch, if it is to be used; what is not as it was written is named and replaced."""
        if self._layer is None or self._reason is not None:
            return None
        try:
            return self._store.read(self._keys[self._layer], batch)
        except ValueError as error:
            self._spoiled.add(batch)
            self._note(f"not used: {error}")
            return None

    def _passing(self, kept: Tensor, compute: Callable[[], Opened]) -> Opened:
        assert self._layer is not None
        device = next(self._layers[self._layer].parameters()).device
        self._counted.read += 1
        with passed_over(self._layers, self._layer, kept.to(device), members=self._members):
            return compute()

    def _keeping(self, batch: str, compute: Callable[[], Opened]) -> Opened:
        """Compute with all layers, and keep what enters those that are asked for unless it lies there."""
        with entering(self._layers, self._keep) as entered:
            done = compute()
        self._members = entered.members
        if self._reason is None:
            self._write(batch, entered.hidden)
        return done

    def _write(self, batch: str, hidden: dict[int, Tensor]) -> None:
        for number, entered in hidden.items():
            if batch not in self._spoiled and self._store.has(self._keys[number], batch):
                continue
            start = time.perf_counter()
            size = self._store.keep(self._keys[number], batch, entered)
            self._counted.kept += size > 0
            self._counted.bytes += size
            self._counted.seconds += time.perf_counter() - start

    def _check(self, plain: Tensor, kept: Tensor, compute: Callable[[], Tensor]) -> None:
        """Compute a batch from what was kept too; where that is not the same in every bit, it is not used again."""
        try:
            ours = self._passing(kept, compute)
        except (RuntimeError, TypeError, ValueError, IndexError, KeyError, AttributeError) as error:
            if ran_out(error):
                raise
            self._reason = f"not used: the model's lower layers cannot be passed over ({type(error).__name__}: {error})"
        else:
            self._difference = 0.0 if torch.equal(plain, ours) else float((plain - ours).abs().max())
            if self._difference != 0.0:
                self._reason = f"not used: with it the logits of one batch differ by {self._difference:.3g}"
        if self._reason is not None:
            _log.warning("frozen prefix %s", self._reason)

    def _note(self, note: str) -> None:
        self._notes.append(note)
        _log.warning("frozen prefix %s", note)


@dataclass(slots=True)
class _Counts:
    read: int = 0
    kept: int = 0
    bytes: int = 0
    seconds: float = 0.0


def _wrapped(base: Any, layer: int) -> str | None:
    name = adapted_below(base, layer)
    return None if name is None else f"not used: {name} is adapted, below layer {layer}"
