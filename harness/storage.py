"""What a disk refuses, told as that: which kind it is, where, and what to do. It is nobody's bug.

Libraries report it in their own ways: the system's number may stand in an `OSError`, in what that led to, or in a text
alone.
"""

import contextlib
import errno
import os
import re
import tempfile
from collections.abc import Iterator
from pathlib import Path

from harness.errors import HarnessError, StorageError, StorageKind
from harness.paths import cache_root

_REMEDIES: dict[StorageKind, str] = {
    "no_space": "The disk or its quota is full: free some space.",
    "too_large": "The file would pass the largest size that is allowed here: raise it (`ulimit -f unlimited`).",
    "permission": "This user may not do that there, or the disk is read-only: change that.",
    "vanished": "What was there is not there any more: bring it back, or see what removes it.",
    "in_the_way": "Something else of that name is in the way: move it.",
    "input_output": "The disk does not answer as it should: see that it works and is mounted.",
}
_GOES_ON = "The same command then goes on: what is done is kept."

_KINDS: dict[int, StorageKind] = {
    errno.ENOSPC: "no_space",
    errno.EDQUOT: "no_space",
    errno.EFBIG: "too_large",
    errno.EACCES: "permission",
    errno.EPERM: "permission",
    errno.EROFS: "permission",
    errno.ENOENT: "vanished",
    errno.ENOTDIR: "in_the_way",
    errno.EEXIST: "in_the_way",
    errno.EISDIR: "in_the_way",
    errno.ESTALE: "input_output",
    errno.EIO: "input_output",
    errno.ENODEV: "input_output",
    errno.ENXIO: "input_output",
}
_OF_A_MOUNT: dict[int, StorageKind] = {errno.ENOTCONN: "input_output", errno.ETIMEDOUT: "input_output"}
"""Said of a file these are a mount's that is dead; without one, a network's."""

ANYWHERE: frozenset[StorageKind] = frozenset({"no_space", "too_large", "input_output"})
"""What is the disk's doing whoever meets it; a file that is missing may be a mistake in somebody's loader."""

_SAID = re.compile(r"\((?:os error|errno) (\d+)\)|\[Errno (\d+)\]", re.IGNORECASE)
"""How libraries that raise errors of their own put the system's number into the text: safetensors, for one."""
_UNSAID = ("file write failed", "unexpected pos ")
"""What PyTorch says of a write that failed, without the number."""

_NO_TEMPORARY = "No usable temporary directory"
"""What Python says, as if a file were missing, where no temporary folder takes anything."""

_TRIED = 1 << 20
"""Bytes that are written to hear from the disk itself why it took no more."""


def cannot_be_written(place: object, error: OSError, remedy: str) -> StorageError:
    """Return the error for a folder that cannot be written; the `remedy`, a sentence, is what else can be done.

    Where it is something below whose rights are missing, that is named too.
    """
    kind = kind_of(error) or "input_output"
    said, below = error.strerror or error, error.filename
    if kind == "permission" and isinstance(below, str) and Path(str(place)) in Path(below).parents:
        said = f"{said}: {below}"
    return refused(kind, f"{place} cannot be written ({said}).", remedy)


def is_barred(error: BaseException) -> bool:
    """Tell whether what cannot be read may be whole: this user may not read it, or its disk does not answer."""
    return kind_of(error) in {"permission", "input_output"}


def cannot_be_read(error: OSError, place: object = "a file") -> StorageError:
    """Return the error for what `is_barred`; the place is said where the error has none."""
    where = error.filename if isinstance(error.filename, str) else place
    return refused(kind_of(error) or "input_output", f"{where} cannot be read ({error.strerror or error}).")


@contextlib.contextmanager
def reading(place: object) -> Iterator[None]:
    """Raise `StorageError` for a place that may be whole and cannot be read within the block."""
    try:
        yield
    except OSError as error:
        if not is_barred(error):
            raise
        raise cannot_be_read(error, place) from error


@contextlib.contextmanager
def writing(place: object, remedy: str = "") -> Iterator[None]:
    """Raise what the disk refuses within the block as the `StorageError` that the place cannot be written."""
    try:
        yield
    except OSError as error:
        raise cannot_be_written(place, error, remedy) from error


def refused(kind: StorageKind, text: str, remedy: str = "") -> StorageError:
    """Return the error of a kind whose `text` says what was refused, and where."""
    return StorageError(kind, " ".join(filter(None, [text, _REMEDIES[kind], remedy, _GOES_ON])))


def kind_of(error: BaseException) -> StorageKind | None:
    """Return what a disk refused in this error, None where it is another."""
    if isinstance(error, OSError) and error.errno is not None:
        own = _KINDS.get(error.errno)
        return _OF_A_MOUNT.get(error.errno) if own is None and error.filename is not None else own
    found = _SAID.search(str(error))
    return _KINDS.get(int(next(each for each in found.groups() if each))) if found else None


def storage_error(error: BaseException, *places: Path) -> StorageError | None:
    """Return what a disk refused, as far as the error or what it came from tells; None where it was something else.

    With `places`, a file that is missing or not permitted counts below these folders alone. What is a user's mistake
    already stays one, unless it came from a disk that is full or broken.
    """
    expected = False
    for each in _causes(error):
        if isinstance(each, StorageError):
            return each
        expected = expected or isinstance(each, HarnessError)
        kind = _asked(each, places) or kind_of(each)
        if kind is None:
            continue
        own = isinstance(each, OSError) and not expected and _is_below(each, places)
        if own or kind in ANYWHERE or _NO_TEMPORARY in str(each):
            return _of(each, kind, places)
    return None


def _asked(error: BaseException, places: tuple[Path, ...]) -> StorageKind | None:
    """Return why a folder took no more, asked of it again, for an error that does not say."""
    if isinstance(error, FileNotFoundError) and _NO_TEMPORARY in str(error):
        return why_not(_temporary())
    if isinstance(error, RuntimeError) and any(said in str(error) for said in _UNSAID):
        return why_not(places[0] if places else _temporary())
    return None


def _temporary() -> Path:
    """Return the temporary folder, be it one that takes nothing."""
    try:
        return Path(tempfile.gettempdir())
    except OSError:
        return Path(os.environ.get("TMPDIR", os.sep + "tmp"))


def why_not(folder: Path) -> StorageKind:
    """Return why a folder takes no more, as the disk itself says when it is asked once more."""
    try:
        with tempfile.TemporaryFile(dir=folder) as file:
            file.write(bytes(_TRIED))
            file.flush()
    except OSError as error:
        return kind_of(error) or "input_output"
    return "input_output"


@contextlib.contextmanager
def refusals_told(*places: Path) -> Iterator[None]:
    """Raise `StorageError` for what the disk refuses within the block, below these places or anywhere.

    Libraries in compiled code raise errors of their own for that.
    """
    try:
        yield
    except Exception as error:
        refused = storage_error(error, *places)
        if refused is None or refused is error:
            raise
        raise refused from error


def _of(error: BaseException, kind: StorageKind, places: tuple[Path, ...]) -> StorageError:
    where = getattr(error, "filename", None)
    said = getattr(error, "strerror", None) or str(error)
    text = f"{where}: {said}." if where else f"{said}{_in_one_of(places)}."
    in_cache = isinstance(where, str) and _is_below(error, (cache_root(),))
    return refused(kind, text, "It is in the cache, which HARNESS_CACHE names." if in_cache else "")


def _in_one_of(places: tuple[Path, ...]) -> str:
    """Return where it may have been that something was refused, where the system does not say: a file that was open."""
    if not places:
        return ""
    named = [f"the cache {each} (HARNESS_CACHE)" if each == cache_root() else str(each) for each in places]
    return f", in {', '.join(named)} or the temporary folder {_temporary()} (TMPDIR)"


def _is_below(error: BaseException, places: tuple[Path, ...]) -> bool:
    where = getattr(error, "filename", None)
    if not places:
        return True
    return isinstance(where, str) and any(Path(where).absolute().is_relative_to(each.absolute()) for each in places)


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        yield error
        error = error.__cause__ or error.__context__
