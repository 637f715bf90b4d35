"""An error that lm-eval raised while it built a task, in terms of the task's own files."""

import traceback
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from harness.errors import HarnessError, SourceError, TaskError

_SPLITS = ("test_split", "validation_split", "training_split", "fewshot_split")
_NOT_CACHED = "Couldn't find cache"
"""What `datasets` says offline of a data set of which another configuration is in its cache."""


def task_error(error: Exception, *, name: str, path: Path, config: Mapping[str, Any]) -> HarnessError:
    """Return the error to raise: `SourceError` where data cannot be reached, `TaskError` where the task is wrong."""
    if isinstance(error, ConnectionError) or _NOT_CACHED in str(error):
        first = str(error).partition("\n")[0]
        return SourceError(
            f"{path}: the data of task {name} cannot be reached from here ({type(error).__name__}: {first}); "
            "run where it can, or leave the suite out with --only."
        )
    reason = _about_splits(error, config) or f"{type(error).__name__}: {error}{_own_line(error, path)}"
    return TaskError(f"{path}: task {name} cannot be loaded: {reason}")


def _about_splits(error: Exception, config: Mapping[str, Any]) -> str | None:
    """Say what lm-eval's bare `KeyError` and `IndexError` mean where it reaches for the first document of a split."""
    named = {field: config[field] for field in _SPLITS if config.get(field)}
    absent = [f"{field}: {split}" for field, split in named.items() if error.args == (split,)]
    if isinstance(error, KeyError) and absent:
        return f"its data has no such split as `{absent[0]}`; name one that the loader returns."
    if isinstance(error, IndexError) and str(error).endswith("size 0"):
        scored = next(iter(named.values()), "test")
        return f"its split {scored!r} is empty; a split needs at least one document."
    return None


def _own_line(error: Exception, path: Path) -> str:
    """Return the last line of the task's own code that an error came from."""
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if Path(frame.filename).parent == path.parent]
    return f" ({Path(own[-1].filename).name}, line {own[-1].lineno})" if own else ""
