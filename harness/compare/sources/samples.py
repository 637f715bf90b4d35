"""The samples in one of lm-eval's files, whichever version wrote it, with what all later versions write.

Up to 0.4.2 a file is a JSON list and a sample has no hashes: they are computed as lm-eval computes them, from the
document, the first prompt and the target. Up to 0.4.5 a sample does not say by which filter it was scored: of a task
with several filters every document comes once a filter, in the order in which the results file lists them.
"""

import gzip
import hashlib
import json
import zlib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, BinaryIO

from harness.compare.sources.sample_files import SampleFile
from harness.errors import ComparisonError
from harness.paths import open_regular

HASHES = ("doc_hash", "prompt_hash", "target_hash")
FIELDS = frozenset(
    {"doc_id", "doc", "target", "arguments", "resps", "filtered_resps", "filter", "metrics", "input", *HASHES}
)
"""What a sample holds beside its scores."""
NO_FILTER = "none"

_GZIP = b"\x1f\x8b"
_BOM = b"\xef\xbb\xbf"
_WIDE = (b"\xff\xfe", b"\xfe\xff")

Sample = Mapping[str, Any]
_Stream = gzip.GzipFile | BinaryIO


def samples(file: SampleFile) -> Iterator[tuple[int, Sample]]:
    """Yield every sample with its line in the file, or its place in the list, counted from 1.

    Each has the hashes by which items pair, its ``filter`` (``none`` where the task has none) and the names of its
    ``metrics``. Gzip is known by its first bytes. Raises `ComparisonError` for a file that is empty, cut off or not
    lm-eval's.
    """
    number = 0
    filters = _Filters(file)
    for number, read in _objects(file.path):
        sample = _hashed(read, file.path, number)
        added = {"filter": filters.of(sample, number), "metrics": _metrics(sample)}
        sample.update(added)  # what was read a moment ago is nobody else's, and a copy of each takes its time
        yield number, sample
    if number == 0:
        raise ComparisonError(f"{file.path} is empty: the evaluation was cut off; score again or remove the file.")
    filters.check_whole()


class _Filters:
    """Says by which filter a sample was scored."""

    def __init__(self, file: SampleFile) -> None:
        self._file = file
        self._names: Sequence[str] | None = None
        self._times: Counter[Any] = Counter()

    def of(self, sample: Sample, number: int) -> str:
        """Return the filter's name: the sample's own, else that of its place among its document's samples."""
        if isinstance(sample.get("filter"), str):
            return str(sample["filter"])
        if self._names is None:
            self._names = _declared_filters(self._file)
        if len(self._names) == 1:
            return self._names[0]
        document = json.dumps([sample.get("doc_id"), sample["doc_hash"]])
        place = self._times[document]
        self._times[document] += 1
        if place >= len(self._names):
            raise ComparisonError(
                f"{self._file.path}:{number} is sample {place + 1} of one document, and {self._file.results} "
                f"names {len(self._names)} filters: several evaluations were written into one file; score again."
            )
        return self._names[place]

    def check_whole(self) -> None:
        """Raise where some documents lack the samples of a filter: which, nothing says."""
        lacking = sum(1 for times in self._times.values() if times < len(self._names or ()))
        if lacking:
            raise ComparisonError(
                f"{self._file.path}: {lacking} documents lack the samples of a filter ({', '.join(self._names or ())}):"
                " the file was cut off; score again."
            )


def _declared_filters(file: SampleFile) -> Sequence[str]:
    config = file.noted_of_task("configs")
    listed = config.get("filter_list") if isinstance(config, dict) else None
    names = [str(each["name"]) for each in listed or () if isinstance(each, dict) and "name" in each]
    return names or [NO_FILTER]


def _metrics(sample: Sample) -> list[str]:
    said = sample.get("metrics")
    return [str(name) for name in (said if isinstance(said, list) else sample) if str(name) not in FIELDS]


def _hashed(sample: Any, path: Path, number: int) -> dict[str, Any]:
    if isinstance(sample, dict) and all(isinstance(sample.get(name), str) for name in HASHES):
        return sample
    # A sample that has some of them was written by a version that hashes, and is damaged.
    if not isinstance(sample, dict) or any(name in sample for name in HASHES) or not _can_be_hashed(sample):
        raise ComparisonError(
            f"{path}:{number} lacks {', '.join(HASHES)}, by which items are paired, and the document, arguments and "
            "target that they are made of: it was not written by lm_eval --log_samples."
        )
    document = json.dumps(sample["doc"], indent=2, ensure_ascii=False)
    texts = (document, _first_prompt(sample["arguments"]), str(sample["target"]))
    return {**sample, **{name: _sha256(text) for name, text in zip(HASHES, texts, strict=True)}}


def _can_be_hashed(sample: Sample) -> bool:
    return {"doc", "target"} <= sample.keys() and _first_prompt(sample.get("arguments")) is not None


def _first_prompt(arguments: Any) -> Any:
    match arguments:
        case [[str(prompt), *_], *_] | {"gen_args_0": {"arg_0": str(prompt)}}:
            return prompt
    return None


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _objects(path: Path) -> Iterator[tuple[int, Any]]:
    try:
        with _opened(path) as stream:
            yield from _from_stream(stream, path)
    except EOFError as error:
        raise ComparisonError(f"{path} is a gzip file that was cut off: score again or copy it whole.") from error
    except (OSError, zlib.error) as error:
        raise ComparisonError(f"{path} cannot be read: {error}.") from error


def _opened(path: Path) -> _Stream:
    stream = open_regular(path)
    magic = stream.read(len(_GZIP))
    stream.seek(0)
    if magic != _GZIP:
        return stream
    stream.close()
    return gzip.open(path, "rb")


def _from_stream(stream: _Stream, path: Path) -> Iterator[tuple[int, Any]]:
    for number, line in enumerate(stream, start=1):
        text = line.removeprefix(_BOM) if number == 1 else line
        if number == 1 and text.startswith(_WIDE):
            raise ComparisonError(f"{path} is text in UTF-16, which lm-eval does not write: save it as UTF-8.")
        if number == 1 and text.lstrip().startswith(b"["):
            yield from enumerate(_listed(text + stream.read(), path), start=1)
            return
        if text.strip():
            yield number, _parsed(text, path, number)


def _parsed(line: bytes, path: Path, number: int) -> Any:
    try:
        return _loaded(line)
    except (ValueError, RecursionError) as error:
        raise ComparisonError(
            f"{path}:{number} is not a whole line of JSON: the file was cut off while it was written; score again."
        ) from error


def _loaded(line: bytes) -> Any:
    """Return what a line of JSON says, as `json.loads` does, which looks at each for its encoding first."""
    try:
        return json.loads(line.decode())
    except ValueError:
        return json.loads(line)


def _listed(text: bytes, path: Path) -> list[Any]:
    """Return the members of the list that a file up to 0.4.2 is."""
    try:
        members = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ComparisonError(
            f"{path} is not a whole list of JSON ({error}): the file was cut off while it was written; score again."
        ) from error
    return list(members)
