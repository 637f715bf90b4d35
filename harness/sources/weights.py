"""Models that were trained elsewhere: the folder of one, fetched from the hub where it has to be, and its digest.

Nothing in such a folder is executed or unpickled: safetensors and JSON alone are read.
"""

import hashlib
from pathlib import Path

import huggingface_hub

from harness.errors import SourceError
from harness.paths import file_sha256
from harness.sources.models.hub import HubSource
from harness.spec.existing import Weights, WeightsKind
from harness.spec.records import Model
from harness.witness import note

CONFIGS: dict[WeightsKind, str] = {"adapter": "adapter_config.json", "model": "config.json"}
"""The file that says what the weights are, as PEFT and transformers call it."""
_PICKLES = ("*.bin", "*.pt", "*.pth", "*.ckpt", "*.pkl")
_REMEDY = {
    "adapter": "Save it again by PEFT's `save_pretrained`, which writes both.",
    "model": "Save it again by transformers' `save_pretrained`, which writes both.",
}


def folder_of(weights: Weights) -> Path:
    """Return the local folder of a model; raises `SourceError` where it cannot be fetched."""
    if weights.path is not None:
        return Path(weights.path)
    return HubSource(Model(source="hub", id=weights.id, revision=weights.revision)).folder()


def is_local(weights: Weights, kind: WeightsKind) -> bool:
    """Say whether the folder can be had without a download."""
    if weights.path is not None:
        return True
    found = huggingface_hub.try_to_load_from_cache(str(weights.id), CONFIGS[kind], revision=weights.revision)
    return isinstance(found, str)


def weight_files(folder: Path, kind: WeightsKind) -> list[Path]:
    """Return the safetensors of a folder that holds a model of that kind.

    Raises `SourceError` where its configuration or its weights are not there; pickled ones are not weights.
    """
    files = sorted(folder.glob("adapter_model.safetensors" if kind == "adapter" else "model*.safetensors"))
    lacking = [] if (folder / CONFIGS[kind]).is_file() else [f"no {CONFIGS[kind]}"]
    lacking += [] if files else ["no weights in safetensors"]
    if lacking:
        pickled = sorted(path.name for pattern in _PICKLES for path in folder.glob(pattern))
        unread = f" {', '.join(pickled)} may run code when it is read, and is not." if pickled and not files else ""
        raise SourceError(f"{folder} holds {' and '.join(lacking)}.{unread} {_REMEDY[kind]}")
    note(folder)  # weights and tokenizers are read by compiled code
    return files


def weights_sha256(folder: Path, kind: WeightsKind) -> str:
    """Return a digest of a model's weights and configuration, byte by byte; raises `SourceError` as `weight_files`."""
    digest = hashlib.sha256()
    for path in (*weight_files(folder, kind), folder / CONFIGS[kind]):
        digest.update(path.name.encode() + bytes.fromhex(file_sha256(path)))
    return digest.hexdigest()
