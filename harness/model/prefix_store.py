"""What enters a layer, batch by batch, in files that several cells and workers share: a cache, to be lost at any time.

A file is named by what decides its contents, ``<key>/<batch>.safetensors``, appears whole, and holds the SHA-256 of
them, which is looked at whenever it is read. All files together take at most `bound` bytes (several workers that write
at once may each pass it by one batch).
"""

import hashlib
import os
import tempfile
from pathlib import Path

from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from harness.model.below import bytes_of

_NAME = "hidden_states"
_CHECKSUM = "sha256"


class PrefixStore:
    """Hidden states by key and batch, in a folder that is made when the first are kept."""

    def __init__(self, folder: Path, *, bound: int) -> None:
        self._folder = folder
        self._bound = bound
        self.trouble: str | None = None
        """Why nothing more is kept; None as long as something can be."""

    def read(self, key: str, batch: str) -> Tensor | None:
        """Return what was kept, on the CPU, None where nothing was.

        Raises ValueError, with the file's name, where that is not what was written.
        """
        path = self._path(key, batch)
        if not path.is_file():
            return None
        try:
            with safe_open(path, "pt") as file:
                hidden: Tensor = file.get_tensor(_NAME).clone()  # whoever changes the file changes this no more
                said = (file.metadata() or {}).get(_CHECKSUM)
        except (OSError, SafetensorError) as error:
            raise ValueError(f"{path.parent.name}/{path.name} cannot be read ({error})") from error
        if said != _checksum(hidden):
            raise ValueError(f"{path.parent.name}/{path.name} does not hold what its checksum says")
        return hidden

    def keep(self, key: str, batch: str, hidden: Tensor) -> int:
        """Write hidden states, in the place of others too, and return how many bytes they are; 0 if they are not kept.

        A folder that cannot be written to, or is full, is `trouble` and no error.
        """
        size = hidden.numel() * hidden.element_size()
        if self.trouble is None and self._held() + size > self._bound:
            self.trouble = f"the {self._bound:,} bytes of execute.frozen_prefix_bytes are taken"
        if self.trouble is not None:
            return 0
        try:
            self._write(self._path(key, batch), hidden)
        except (OSError, SafetensorError) as error:
            self.trouble = f"{self._folder} takes no more ({error})"
            return 0
        return size

    def has(self, key: str, batch: str) -> bool:
        """Tell whether something was kept."""
        return self._path(key, batch).is_file()

    def _write(self, path: Path, hidden: Tensor) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=".")
        os.close(handle)
        try:
            plain = hidden.detach().cpu().contiguous()
            save_file({_NAME: plain}, temporary, metadata={_CHECKSUM: _checksum(plain)})
            Path(temporary).replace(path)
        except BaseException:
            Path(temporary).unlink(missing_ok=True)
            raise

    def _held(self) -> int:
        return sum(path.stat().st_size for path in self._folder.glob("*/*.safetensors"))

    def _path(self, key: str, batch: str) -> Path:
        return self._folder / key / f"{batch}.safetensors"


def _checksum(hidden: Tensor) -> str:
    return hashlib.sha256(bytes_of(hidden)).hexdigest()
