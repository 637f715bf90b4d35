"""A batch in parts, once a device's memory has run out: half as many tokens at a time, again and again if need be."""

from collections.abc import Callable
from typing import TypeVar

import torch

from harness.model.devices import ran_out

T = TypeVar("T")


class Halving:
    """Runs batches whole until memory runs out, then in parts that it holds, the later batches too.

    A row's numbers are the same up to rounding in whatever part it stands. `tokens` is how many a part may hold,
    padding included, None as long as nothing ran out.
    """

    def __init__(self) -> None:
        self.tokens: int | None = None

    @property
    def said(self) -> str:
        """What the ledger says of it, behind the engine; nothing where memory sufficed."""
        return "" if self.tokens is None else f"; memory ran out: {self.tokens} tokens a batch at most"

    def parts(self, rows: int, width: int, run: Callable[[slice], T]) -> list[T]:
        """Return what `run` returns for the rows of a batch, padded to `width` tokens, in as few parts as memory holds.

        Raises torch.OutOfMemoryError where a single row is too much.
        """
        done: list[T] = []
        at = 0
        while at < rows:
            count = rows - at if self.tokens is None else min(rows - at, max(1, self.tokens // width))
            found = self._tried(run, slice(at, at + count), alone=count == 1)
            if found is None:
                self.tokens = count * width // 2
                continue
            done += found
            at += count
        return done

    @staticmethod
    def _tried(run: Callable[[slice], T], part: slice, *, alone: bool) -> list[T] | None:
        """Return what a part comes to, None where memory runs out; what the error holds is let go of by then."""
        try:
            return [run(part)]
        except (RuntimeError, MemoryError) as error:
            if alone or not ran_out(error):
                raise
        if torch.cuda.is_initialized():
            torch.cuda.empty_cache()
        return None
