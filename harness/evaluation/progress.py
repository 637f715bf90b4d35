"""How far scoring is: lm-eval's progress bars, counted for whoever asks instead of drawn."""

import contextlib
from collections.abc import Callable, Iterator

import lm_eval.api.model
import lm_eval.api.task
import lm_eval.models.huggingface

from harness._compat.lm_eval import bars_replaced

OnProgress = Callable[[int, int], None]
"""Called with (requests answered, requests in all); a question with four options is four requests."""


class RequestCounter:
    """Counts answered requests and calls `callback`, where there is one."""

    def __init__(self, callback: OnProgress | None = None) -> None:
        self._callback = callback
        self._done = 0
        self._total = 0

    def expect(self, total: int) -> None:
        """Start over with `total` requests to come."""
        self._done, self._total = 0, total
        self.advance(0)

    def advance(self, count: int) -> None:
        """Note that `count` more requests are answered."""
        self._done = min(self._done + count, self._total)
        if self._callback is not None:
            self._callback(self._done, self._total)


@contextlib.contextmanager
def without_bars(counter: RequestCounter | None = None) -> Iterator[None]:
    """Let lm-eval draw no progress bar while the block runs; what its request bar would show goes to `counter`."""
    answered = (counter or RequestCounter()).advance
    with (
        bars_replaced(lm_eval.api.task),
        bars_replaced(lm_eval.api.model),
        bars_replaced(lm_eval.models.huggingface, answered),
    ):
        yield
