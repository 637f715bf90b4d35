"""Reading a file of lm-eval samples: one line an item (and filter), of which a few fields are kept."""

import gzip
import json
import math
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness.errors import ComparisonError

_GZIP = b"\x1f\x8b"
_HASHES = ("doc_hash", "prompt_hash", "target_hash")


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One item's score. `key` is lm-eval's hashes of document, prompt and target; `cluster` its label if asked."""

    key: tuple[str, str, str]
    doc_id: int | str
    score: float
    cluster: str | None = None


def read_items(path: Path, metric: str, *, cluster: str | None = None) -> list[Item]:
    """Return a sample file's items in the file's order.

    `metric` is a field of the samples, if need be with a filter (``exact_match,strict-match``); `cluster` a field
    of the document. Gzip is known by its first bytes. Raises `ComparisonError` for a file that is empty, cut off
    or not lm-eval's, for a score that is not a finite number, and for several filters where none was chosen.
    """
    name, _, chosen = metric.partition(",")
    items: list[Item] = []
    filters: set[str] = set()
    for number, sample in _lines(path):
        kind = sample.get("filter", "none")
        if chosen and kind != chosen:
            filters.add(kind)
            continue
        filters.add(kind)
        items.append(_item(sample, name, cluster, f"{path}:{number}"))
    _check(path, name, chosen, filters, items)
    return items


def _check(path: Path, name: str, chosen: str, filters: set[str], items: list[Item]) -> None:
    if not filters:
        raise ComparisonError(f"{path} is empty: the evaluation was cut off; score again or remove the file.")
    if not items:
        raise ComparisonError(f"{path} has no filter {chosen!r}: it has {', '.join(sorted(filters))}.")
    if not chosen and len(filters) > 1:
        options = ", ".join(f"{name},{kind}" for kind in sorted(filters))
        raise ComparisonError(f"{path} scores {name} under several filters: choose one of {options} as the metric.")


def _lines(path: Path) -> Iterator[tuple[int, Mapping[str, Any]]]:
    try:
        with _open(path) as lines:
            for number, line in enumerate(lines, start=1):
                if line.strip():
                    yield number, _sample(line, f"{path}:{number}")
    except EOFError as error:
        raise ComparisonError(f"{path} is a gzip file that was cut off: score again or copy it whole.") from error
    except (OSError, zlib.error) as error:
        raise ComparisonError(f"{path} cannot be read: {error}.") from error


def _open(path: Path) -> Any:
    with path.open("rb") as start:
        magic = start.read(len(_GZIP))
    return gzip.open(path, "rb") if magic == _GZIP else path.open("rb")


def _sample(line: bytes, place: str) -> Mapping[str, Any]:
    try:
        sample = json.loads(line)
    except ValueError as error:
        raise ComparisonError(
            f"{place} is not a whole line of JSON: the file was cut off while it was written; score again."
        ) from error
    if not isinstance(sample, dict) or not all(isinstance(sample.get(name), str) for name in _HASHES):
        raise ComparisonError(
            f"{place} lacks {', '.join(_HASHES)}, by which items are paired: it was not written by "
            "lm_eval --log_samples, or by a version older than 0.4.3."
        )
    return sample


def _item(sample: Mapping[str, Any], metric: str, cluster: str | None, place: str) -> Item:
    if metric not in sample:
        known = ", ".join(map(str, sample.get("metrics", []))) or "none"
        raise ComparisonError(f"{place} has no metric {metric!r}: it has {known}.")
    value = sample[metric]
    if not isinstance(value, int | float) or not math.isfinite(value):
        raise ComparisonError(f"{place}: {metric} is {value!r}, not a finite number an item: it cannot be compared.")
    document, label = sample.get("doc"), None
    if cluster is not None and isinstance(document, dict) and document.get(cluster) is not None:
        label = str(document[cluster])
    return Item(
        key=(sample["doc_hash"], sample["prompt_hash"], sample["target_hash"]),
        doc_id=sample.get("doc_id", "?"),
        score=float(value),
        cluster=label,
    )
