"""Which files of a folder are lm-eval's sample files, of which task, and the results file that belongs to each.

Since 0.4.3 lm-eval writes ``samples_<task>_<time>.jsonl`` beside ``results_<time>.json``, in a folder of the model. Up
to 0.4.2 it wrote ``<model arguments>_<task>.jsonl``, a JSON list, beside ``results.json``, which alone tells where the
arguments end and the task begins. People take the time out of a name, too.
"""

import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from harness.errors import ComparisonError
from harness.paths import LARGEST_RECORD, read_record, read_regular, record_of

_SAMPLES = re.compile(
    r"samples_(?P<task>.+?)(_(?P<time>\d{4}-\d\d-\d\dT\d\d-\d\d-\d\d(\.\d+)?))?\.jsonl?(\.gz)?", re.DOTALL
)
_LISTED = (".jsonl", ".jsonl.gz")


@dataclass(frozen=True, slots=True, kw_only=True)
class SampleFile:
    """A sample file of a task; `time` is that of its name, empty where the name has none.

    `results` is the file with what lm-eval noted of the evaluation, None where it is not there.
    """

    path: Path
    task: str
    time: str = ""
    results: Path | None = None

    @classmethod
    def of(cls, path: Path) -> "SampleFile":
        """Return what a single path is; a name that says nothing is taken for a file of an unknown task."""
        named = _named(path)
        if named is not None:
            return named
        older = (found for found in _older_in(path.parent) if found.path == path)
        return next(older, cls(path=path, task=""))

    def noted(self) -> Mapping[str, Any]:
        """Return the content of the results file, nothing where there is none.

        Raises `ComparisonError` where it is not whole.
        """
        if self.results is None:
            return {}
        try:
            content = _said(read_regular(self.results, LARGEST_RECORD))
        except (OSError, ValueError, RecursionError) as error:
            raise ComparisonError(f"{self.results} is not whole JSON ({error}): remove it or score again.") from error
        return content if isinstance(content, dict) else {}

    def noted_of_task(self, block: str) -> Any:
        """Return what a block of the results file says of the task, None where it says nothing."""
        said = self.noted().get(block)
        return said.get(self.task) if isinstance(said, dict) else None


@lru_cache(maxsize=8)
def _said(content: bytes) -> Any:
    """Return what a results file of this content says; it is asked half a dozen times while its samples are read."""
    return record_of(content)


def sample_files(folder: Path) -> list[SampleFile]:
    """Return the sample files at or below a folder, oldest first by the times of their names."""
    named = [found for path in folder.rglob("samples_*") if path.is_file() and (found := _named(path))]
    folders = {path.parent for path in folder.rglob("*.jsonl*") if not _SAMPLES.fullmatch(path.name)}
    older = [found for each in sorted(folders) for found in _older_in(each)]
    return sorted([*named, *older], key=lambda each: (each.time, each.path))


def unnamed_files(folder: Path) -> list[Path]:
    """Return files that may hold samples, but do not say of which task: neither their name nor a results file does."""
    known = {each.path for each in sample_files(folder)}
    return sorted(path for path in folder.rglob("*.jsonl*") if path.name.endswith(_LISTED) and path not in known)


def _named(path: Path) -> SampleFile | None:
    match = _SAMPLES.fullmatch(path.name)
    if match is None:
        return None
    time = match["time"] or ""
    return SampleFile(path=path, task=match["task"], time=time, results=_results_of(path.parent, time))


def _results_of(folder: Path, time: str) -> Path | None:
    """Return the results file of a moment; without one, the only one that there is."""
    if time:
        ending = f"_{time}.json"
        beside = (each for each in folder.iterdir() if each.name.endswith(ending))
        return min((each for each in beside if not _SAMPLES.fullmatch(each.name)), default=None)
    only = sorted(each for each in folder.glob("results*.json"))
    return only[0] if len(only) == 1 else None


def _older_in(folder: Path) -> Iterator[SampleFile]:
    """Yield the files of lm-eval up to 0.4.2 in a folder, whose tasks a results file beside them names."""
    if not folder.is_dir():
        return
    lists = [path for path in folder.iterdir() if path.name.endswith(_LISTED) and not _SAMPLES.fullmatch(path.name)]
    for results in sorted(folder.glob("*.json")) if lists else ():
        tasks = _configured(results)
        for path in sorted(lists):
            stem = path.name.removesuffix(".gz").removesuffix(".jsonl")
            of = [task for task in tasks if stem.endswith(f"_{task}")]
            if of:
                yield SampleFile(path=path, task=max(of, key=len), results=results)


def _configured(results: Path) -> list[str]:
    """Return the tasks that a results file tells of, none for any other file."""
    with suppress(OSError, ValueError, RecursionError):
        content = read_record(results)
        if isinstance(content, dict) and isinstance(content.get("configs"), dict) and "results" in content:
            return [str(task) for task in content["configs"]]
    return []
