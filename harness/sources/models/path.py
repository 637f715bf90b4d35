"""A model in a folder of the user's, in the transformers format."""

import hashlib
from pathlib import Path

from harness.errors import SourceError
from harness.paths import file_sha256
from harness.sources.models._base import ModelSource


class PathSource(ModelSource):
    """`path` alone."""

    def fingerprint(self) -> str:
        """Hash the bytes of the safetensors and of ``config.json``."""
        digest, folder = hashlib.sha256(), self.folder()
        for file in sorted([*folder.glob("*.safetensors"), folder / "config.json"]):
            digest.update(file.name.encode())
            digest.update(bytes.fromhex(file_sha256(file)))
        return digest.hexdigest()

    def is_local(self) -> bool:
        """Nothing is ever downloaded."""
        return True

    def folder(self) -> Path:
        """Return the folder itself."""
        path = Path(str(self.declared.path)).expanduser()
        if not (path / "config.json").is_file():
            raise SourceError(f"{path} is not a model folder: it holds no config.json.")
        return path
