"""What a model's configuration may not bring: code of its own, and kernels that are fetched and run."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from harness.errors import SourceError
from harness.paths import read_regular

_IMPLEMENTATIONS = ("attn_implementation", "attn_implementation_internal", "experts_implementation")


def check_folder(folder: Path) -> None:
    """Raise `SourceError` where a model's or tokenizer's own files ask for code: it is never fetched and never run."""
    for name in ("config.json", "tokenizer_config.json"):
        path = folder / name
        if not path.exists():
            continue
        try:
            content = json.loads(read_regular(path, 64 << 20))
        except (OSError, ValueError, RecursionError) as error:
            raise SourceError(f"{path} cannot be read: {error}.") from error
        check_config(content, str(path))


def check_config(config: Any, where: str) -> None:
    """Raise `SourceError` where a configuration asks for kernels by the name of a repository or file."""
    found = list(_kernels(config))
    if found:
        raise SourceError(
            f"{where} asks for code that would be fetched and run: {'; '.join(found)}. "
            "Take the entry out, or name an implementation that transformers has, such as sdpa."
        )


def _kernels(value: Any) -> Iterator[str]:
    if isinstance(value, Mapping):
        for key, each in value.items():
            if str(key).lstrip("_") in _IMPLEMENTATIONS and _names_a_repository(each):
                yield f"{key}: {each!r:.100}"
            yield from _kernels(each)
    elif isinstance(value, list):
        for each in value:
            yield from _kernels(each)


def _names_a_repository(value: Any) -> bool:
    """Tell whether an implementation, or one of several by part of the model, is somewhere on the hub or a disk."""
    values = value.values() if isinstance(value, Mapping) else [value]
    return any(isinstance(each, str) and any(mark in each for mark in "/\\:@|") for each in values)
