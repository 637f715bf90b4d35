"""What the training stack computes while it is imported and need not."""

import functools
import importlib.metadata
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any


@contextmanager
def spared_imports() -> Iterator[None]:
    """Let the imports of the block look through the installed packages once, and compile functions when first called.

    transformers and TRL both read the metadata of every package that is installed, and bitsandbytes imports torch's
    compiler for functions that no cell calls unless its base is quantized: a third of the time together. Delete when
    upstream does so when it is asked.
    """
    import torch

    packages, compiled = importlib.metadata.packages_distributions, torch.compile
    importlib.metadata.packages_distributions = functools.cache(packages)
    torch.compile = functools.partial(_when_called, compiled)
    try:
        yield
    finally:
        importlib.metadata.packages_distributions, torch.compile = packages, compiled


def _when_called(
    compiler: Callable[..., Callable[..., Any]], function: Callable[..., Any] | None = None, **options: Any
) -> Callable[..., Any]:
    """Return what `compiler` will make of a function, which it is asked for with the first call; or a decorator."""
    if function is None:
        return functools.partial(_when_called, compiler, **options)
    made = functools.cache(functools.partial(compiler, function, **options))

    @functools.wraps(function)
    def called(*values: Any, **named: Any) -> Any:
        return made()(*values, **named)

    return called
