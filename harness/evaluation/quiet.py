"""lm-eval without its progress bars."""

import contextlib
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import lm_eval.api.model
import lm_eval.api.task
import lm_eval.models.huggingface

OnProgress = Callable[[int, int], None]
"""Called with (requests answered, requests in all); a question with four options is four requests."""


class Progress:
    """Counts answered requests and tells `callback`, where there is one."""

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
def quiet(progress: Progress) -> Iterator[None]:
    """Send lm-eval's request bar to `progress` and drop its other bars while the block runs.

    lm-eval offers no switch for the bars it draws while it builds prompts, so the name that its modules draw
    them with is replaced.
    """
    with contextlib.ExitStack() as stack:
        stack.enter_context(_replaced(lm_eval.api.task, Progress()))
        stack.enter_context(_replaced(lm_eval.api.model, Progress()))
        stack.enter_context(_replaced(lm_eval.models.huggingface, progress))
        yield


@contextlib.contextmanager
def _replaced(module: Any, progress: Progress) -> Iterator[None]:
    def bar(iterable: Iterable[Any] = (), *, disable: bool = False, **_: Any) -> _Bar:
        return _Bar(iterable, Progress() if disable else progress)

    original, module.tqdm = module.tqdm, bar
    try:
        yield
    finally:
        module.tqdm = original


class _Bar:
    """The part of tqdm's interface that lm-eval uses."""

    def __init__(self, iterable: Iterable[Any], progress: Progress) -> None:
        self._iterable = iterable
        self._progress = progress

    def __iter__(self) -> Iterator[Any]:
        for each in self._iterable:
            yield each
            self._progress.advance(1)

    def update(self, count: int = 1) -> None:
        self._progress.advance(count)

    def close(self) -> None:
        """Nothing was opened."""
