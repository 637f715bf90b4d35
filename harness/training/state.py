"""What a training has come to, as nested values with tensors in them, written as JSON and safetensors and read again.

Trainer's own checkpoints are pickles. Here numbers, texts, lists, tuples and dicts become JSON, in which a tensor is
its place among the tensors, so that a file of a stranger is data and nothing else. What comes back is the same in every
bit.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from safetensors import safe_open
from safetensors.torch import save_file
from torch import Tensor

from harness.codec import JSON

State = Any
"""None, numbers, texts, tensors, and lists, tuples and dicts (by texts or whole numbers) of them."""

SHARD = 512 << 20
"""Bytes of tensors a file holds, unless one is larger: safetensors copies a file's tensors while it writes it."""


class UnkeptStateError(TypeError):
    """A state holds something that is neither a plain value nor a tensor, and cannot be written as data."""


def plain(state: State) -> tuple[JSON, list[Tensor]]:
    """Return a state as JSON with the tensors that it refers to. Raises `UnkeptStateError` for any other object."""
    tensors: list[Tensor] = []
    return _plain(state, tensors), tensors


def restored(value: JSON, tensors: "Tensors | Sequence[Tensor]") -> State:
    """Return the state that `plain` took apart. Raises KeyError, TypeError or ValueError for what it never returns."""
    if isinstance(value, list):
        return [restored(each, tensors) for each in value]
    if not isinstance(value, dict):
        return value
    ((kind, held),) = value.items()
    if kind == "tensor":
        return tensors[held]
    if kind == "tuple":
        return tuple(restored(each, tensors) for each in held)
    if kind == "float":
        return float(held)
    if kind == "dict":
        return {key: restored(each, tensors) for key, each in held}
    raise ValueError(f"{kind!r:.40} is no kind of value")


def write_tensors(folder: Path, name: str, tensors: Sequence[Tensor]) -> list[Path]:
    """Write tensors to files ``<name>-<n>.safetensors`` of a folder, in their order, and return their paths."""
    paths = []
    for number, shard in enumerate(_shards(tensors)):
        path = folder / f"{name}-{number}.safetensors"
        # A view of another tensor's memory would be refused, and one of a larger tensor written whole.
        save_file({str(place): tensors[place].detach().to("cpu", copy=True).contiguous() for place in shard}, path)
        paths.append(path)
    return paths


@dataclass(frozen=True, slots=True)
class Tensors:
    """The tensors that `write_tensors` wrote, each read when it is asked for by its place."""

    paths: Mapping[int, Path]

    @classmethod
    def of(cls, paths: Sequence[Path]) -> "Tensors":
        """Return those of some files."""
        found: dict[int, Path] = {}
        for path in paths:
            with safe_open(path, framework="pt") as file:
                found.update(dict.fromkeys(map(int, file.keys()), path))
        return cls(found)

    def __getitem__(self, place: int) -> Tensor:
        """Return one of them. Raises KeyError where there is none."""
        with safe_open(self.paths[place], framework="pt") as file:
            tensor: Tensor = file.get_tensor(str(place))
            return tensor


def _plain(state: State, tensors: list[Tensor]) -> JSON:  # noqa: PLR0911 - one a kind of value
    match state:
        case None | bool() | int() | str():
            return state
        case np.generic():
            return _plain(state.item(), tensors)
        case float():
            return state if math.isfinite(state) else {"float": repr(state)}
        case Tensor():
            tensors.append(state)
            return {"tensor": len(tensors) - 1}
        case np.ndarray():
            return _plain(state.tolist(), tensors)
        case list():
            return [_plain(each, tensors) for each in state]
        case tuple():
            return {"tuple": [_plain(each, tensors) for each in state]}
        case Mapping() if all(isinstance(key, str | int) for key in state):
            return {"dict": [[key, _plain(each, tensors)] for key, each in state.items()]}
    raise UnkeptStateError(f"of type {type(state).__name__}, it cannot be kept in a checkpoint")


def _shards(tensors: Sequence[Tensor]) -> Iterator[list[int]]:
    held, size = list[int](), 0
    for place, tensor in enumerate(tensors):
        bytes_ = tensor.numel() * tensor.element_size()
        if held and size + bytes_ > SHARD:
            yield held
            held, size = [], 0
        held.append(place)
        size += bytes_
    if held:
        yield held
