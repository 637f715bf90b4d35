"""The cache folder, and folders in it that appear whole or not at all and are held to what was put into them."""

import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

from filelock import FileLock

from harness.errors import CacheDamageError
from harness.paths import cache_root
from harness.sources.checksums import damages, write_checksums
from harness.storage import refusals_told, writing

root = cache_root

REMEDY = "Set HARNESS_CACHE to a folder that can."


def folder(*key: str, fill: Callable[[Path], None], read: bool = True) -> Path:
    """Return the cache folder named by `key`, calling `fill` on an empty sibling first if there is none.

    The folder appears by one rename after `fill` has returned, so that a killed process leaves nothing half
    written; a lock file keeps two processes from filling the same folder, and what killed ones left is cleared first.
    What is there is held to the checksums of what was put there; without `read`, by size, times and inode where these
    can be believed. Raises `CacheDamageError` where it is something else.
    """
    path = root().joinpath(*key)
    if not path.is_dir():
        _fill(path, fill)
    if wrong := damages(path, read=read):
        raise CacheDamageError(_damage(path, wrong))
    return path


def half_filled(path: Path) -> Iterator[Path]:
    """Yield what processes that are filling a folder, or were killed while they did, have beside it."""
    yield from path.parent.glob(f".{path.name}.*")


def _fill(path: Path, fill: Callable[[Path], None]) -> None:
    with writing(f"the cache {root()}", REMEDY):
        path.parent.mkdir(parents=True, exist_ok=True)
        held = FileLock(path.with_name(path.name + ".lock")).acquire()
    with held, refusals_told(root()):
        if path.is_dir():
            return
        for left in half_filled(path):  # nobody else fills it now
            shutil.rmtree(left, ignore_errors=True)
        partial = Path(tempfile.mkdtemp(prefix=f".{path.name}.", dir=path.parent))
        try:
            fill(partial)
            write_checksums(partial)
            partial.rename(path)
        except BaseException:
            shutil.rmtree(partial, ignore_errors=True)
            raise


def _damage(path: Path, wrong: list[str]) -> str:
    listed = "\n".join(f"  {each}" for each in wrong)
    return (
        f"the cache is damaged, which is no fault of a spec's or task's, and nothing of this was used:\n{listed}\n"
        f"Remove the folder {path}: it is made again when needed. `harness doctor --cache` looks through everything."
    )
