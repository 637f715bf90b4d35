"""The examples of a training in the order in which they were seen, by digests that another's are held to."""

import hashlib
from collections.abc import Callable, Mapping
from itertools import islice
from typing import Any

import torch
from torch import Tensor

from harness.training.shared import batches_of_one

_DIGITS = 12
_ANOTHER_STATE = 20_260_404


class RowOrder:
    """What was seen, batch by batch, each of `rows` rows of one device.

    A batch that is drawn is `at_once` of these, which is more than one where several processes share a step. `multiple`
    is what lengths are padded to a multiple of.
    """

    def __init__(self, rows: int, *, at_once: int = 1, multiple: int | None = None) -> None:
        self._rows, self._at_once, self._multiple = rows, at_once, multiple
        self._hash = hashlib.sha256()
        self.digests: list[str] = []
        """After each batch, a digest of all examples seen so far in their order."""
        self.examples = 0

    def as_one(self, drawn: Mapping[str, Tensor]) -> list[Tensor]:
        """Return the input_ids (rows, length) of the batches of one device that a drawn batch is."""
        if self._at_once == 1:
            return [drawn["input_ids"]]
        return batches_of_one(drawn, self._rows, self._multiple)

    def see(self, drawn: Mapping[str, Tensor]) -> None:
        """Note a batch that is trained on."""
        self.digests += self._noted(self._hash, drawn)
        self.examples += len(drawn["input_ids"])

    def see_again(self, loading: Callable[[], Any], batches: int) -> None:
        """Note the first so many batches of the data loader that is made, epoch by epoch, without training on them.

        The global random state is left as it was, also where making the loader draws from it.
        """
        with torch.random.fork_rng(devices=[]):
            loader, epoch = loading(), 0
            while (missing := batches - len(self.digests)) > 0:
                loader.set_epoch(epoch)
                for drawn in islice(loader, self._draws(missing)):
                    self.see(drawn)
                epoch += 1

    def drawn_again(self, loading: Callable[[], Any], batches: int) -> list[str]:
        """Return the digests of that many batches at most, drawn anew from the start of an epoch.

        The global random state is another then: what it had a part in comes out differently.
        """
        seen = hashlib.sha256()
        with torch.random.fork_rng(devices=[]):
            torch.default_generator.manual_seed(_ANOTHER_STATE)
            drawn = islice(loading(), self._draws(batches))
            return [digest for each in drawn for digest in self._noted(seen, each)][:batches]

    def _draws(self, batches: int) -> int:
        return -(-batches // self._at_once)

    def _noted(self, seen: Any, drawn: Mapping[str, Tensor]) -> list[str]:
        """Add a drawn batch to the hash of what was seen, and return its first digits after each of one device."""
        found = []
        for ids in self.as_one(drawn):
            seen.update(ids.cpu().contiguous().numpy().tobytes())
            found.append(str(seen.hexdigest()[:_DIGITS]))
        return found
