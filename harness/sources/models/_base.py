"""The contract of a source of base models, and what all those share that end as a folder."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from transformers import AutoConfig, AutoModelForCausalLM, BitsAndBytesConfig, PreTrainedModel

from harness._compat.bitsandbytes import keep_stored_layout
from harness.errors import SourceError
from harness.sources.models.code import check_folder
from harness.spec.records import Model


class ModelSource(ABC):
    """One declared base model: what identifies it, where it is, and how it is loaded.

    A source owns what it puts into the cache and nothing else: a folder that it returns is read, never written, and a
    model that it loads is the caller's, fresh each time. Several processes may ask for one model at a time; what is
    fetched appears in the cache whole or not at all. A model that cannot be had is a `SourceError` that says what is
    missing and how to get it, `NotInCacheError` where nothing may be downloaded.
    """

    def __init__(self, declared: Model) -> None:
        self.declared = declared

    @abstractmethod
    def fingerprint(self) -> str:
        """Return a SHA-256 of what fixes the weights, without reading more of them than that takes."""

    @abstractmethod
    def is_local(self) -> bool:
        """Say whether the model can be loaded without a download."""

    @abstractmethod
    def folder(self) -> Path:
        """Return a local folder in the transformers format that holds the model, fetched if it has to be."""

    def check(self) -> None:  # noqa: B027 - what a source does not put into the cache it does not vouch for
        """Hold what the source put into the cache to its checksums; once a run, as it reads all of it.

        Raises `CacheDamageError`.
        """

    def tokenizer_folder(self) -> Path:
        """Return the folder that holds the tokenizer: the declared one, else the model's own."""
        return Path(self.declared.tokenizer).expanduser() if self.declared.tokenizer else self.folder()

    def network(self, *, quantization: Mapping[str, Any] | None, device: str) -> PreTrainedModel:
        """Load the model in the declared dtype onto `device`; `quantization` holds BitsAndBytesConfig's fields.

        Safetensors alone are read, never pickled weights, and no code of the model's own is run. A declared `config`
        that is not the model's is an error.
        """
        path = self.folder()
        check_folder(path)
        _check_config(self.declared, AutoConfig.from_pretrained(path, trust_remote_code=False).to_dict())
        extra: dict[str, Any] = {}
        if quantization is not None:
            extra = {"quantization_config": BitsAndBytesConfig(**quantization), "device_map": {"": device}}
        dtype = getattr(torch, self.declared.dtype)
        try:
            network = AutoModelForCausalLM.from_pretrained(
                path, dtype=dtype, use_safetensors=True, trust_remote_code=False, **extra
            )
        except (OSError, ValueError) as error:
            raise SourceError(f"the model in {path} could not be loaded: {error}") from error
        if quantization is None:
            network = network.to(device)
        # What is saved of it, and of adapters on it, says where others find the base, and not where it lies here.
        network.name_or_path = network.config.name_or_path = self.declared.address
        keep_stored_layout(network)
        return network


def _check_config(model: Model, found: Mapping[str, Any]) -> None:
    wrong = [
        f"{key}: declared {value!r}, the model has {found.get(key)!r}"
        for key, value in (model.config or {}).items()
        if found.get(key) != value
    ]
    if wrong:
        raise SourceError("the model's config is not the one the spec declares: " + "; ".join(wrong))
