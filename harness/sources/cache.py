"""The cache folder, and folders in it that appear whole or not at all."""

import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

from filelock import FileLock

from harness.errors import cannot_be_written
from harness.paths import cache_root

root = cache_root

REMEDY = "Set HARNESS_CACHE to a folder that can."


def folder(*key: str, fill: Callable[[Path], None]) -> Path:
    """Return the cache folder named by `key`, calling `fill` on an empty sibling first if there is none.

    The folder appears by one rename after `fill` has returned, so that a killed process leaves nothing half
    written; a lock file keeps two processes from filling the same folder.
    """
    path = root().joinpath(*key)
    if path.is_dir():
        return path
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise cannot_be_written(f"the cache {root()}", error, REMEDY) from error
    with FileLock(path.with_name(path.name + ".lock")):
        if not path.is_dir():
            partial = Path(tempfile.mkdtemp(prefix=f".{path.name}.", dir=path.parent))
            try:
                fill(partial)
                partial.rename(path)
            except BaseException:
                shutil.rmtree(partial, ignore_errors=True)
                raise
    return path
