"""A model on the Hugging Face hub, at a pinned revision."""

import hashlib
import json
import os
from pathlib import Path

import huggingface_hub

from harness.errors import NotInCacheError, SourceError
from harness.sources.models._base import ModelSource

FILES = ("*.safetensors", "*.json", "tokenizer*", "*.model")
"""What is fetched of a repository."""


class HubSource(ModelSource):
    """`id` and `revision`; the files lie in the hub's own cache."""

    def fingerprint(self) -> str:
        """Hash id and revision."""
        return hashlib.sha256(json.dumps([self.declared.id, self.declared.revision]).encode()).hexdigest()

    def is_local(self) -> bool:
        """Say whether the hub's cache holds the model's configuration at that revision."""
        model = self.declared
        found = huggingface_hub.try_to_load_from_cache(str(model.id), "config.json", revision=model.revision)
        return isinstance(found, str)

    def folder(self) -> Path:
        """Return the snapshot of the revision."""
        what = f"{self.declared.id} at revision {self.declared.revision}"
        try:
            return Path(
                huggingface_hub.snapshot_download(
                    str(self.declared.id), revision=self.declared.revision, allow_patterns=list(FILES)
                )
            )
        except Exception as error:
            if os.environ.get("HF_HUB_OFFLINE"):
                raise NotInCacheError(
                    what,
                    f"{what} is not in the hub's cache, and HF_HUB_OFFLINE is set. Run once with the hub reachable.",
                ) from error
            raise SourceError(
                f"{what} could not be fetched from the hub ({type(error).__name__}). "
                "Check the network, the id, the revision, and for a gated model log in (`hf auth login`)."
            ) from error
