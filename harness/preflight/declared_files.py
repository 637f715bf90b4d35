"""The files that an experiment and its tasks name, noted before they are read: compiled code may open them unseen."""

import glob
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from harness.codec import encode
from harness.declarations.task_yaml import Declared
from harness.declarations.tasks import find_task
from harness.declarations.trust import all_code
from harness.paths import is_file, is_folder
from harness.preflight.known import tasks_of
from harness.spec.records import Experiment
from harness.witness import note, note_names

_FOLDERS = frozenset({"path", "tokenizer", "id", "dataset_path", "data_dir", "data_files", "dataset_kwargs"})
"""Fields that may name a folder of which everything may be read."""
_ELSEWHERE = frozenset({"file", "include", "overrides"})
"""Fields of an experiment that say where declarations are looked for."""
_LARGEST = 64 << 20
"""Bytes of a file that lies beside a task's YAML and is not named; what is larger counts where it is opened."""


def note_declared(experiment: Experiment) -> None:
    """Note every file that the experiment and its tasks' declarations name, and what lies beside these."""
    _note_named(encode(experiment), (Path.cwd(),))
    for name in tasks_of(experiment):
        task = find_task(name, beside=experiment.file.parent, include=experiment.include)
        if task is not None:
            _note_task(task)


def _note_task(task: Declared) -> None:
    folders = list(dict.fromkeys(part.path.parent for part in task.parts))
    _note_named(dict(task.config), (Path.cwd(), *folders))
    for folder in folders:
        if all_code(task):
            note_names(folder)  # code may ask whether a file is there, which nobody hears of
        for path in sorted(folder.iterdir()):
            if is_file(path) and path.stat().st_size <= _LARGEST:
                note(path)


def _note_named(value: Any, roots: tuple[Path, ...]) -> None:
    for text, whole in _texts(value, whole=False):
        for root in roots:
            for path in _meant(text, root, pattern=whole):
                if is_file(path) or (whole and is_folder(path)):
                    note(path)


def _meant(text: str, root: Path, *, pattern: bool) -> Iterator[Path]:
    """Yield the paths that a text may mean: itself, or what it stands for with its stars."""
    if not text or len(text) > 4_096 or "\0" in text or "\n" in text:  # noqa: PLR2004 - no path is longer
        return
    yield root / text
    if pattern and any(mark in text for mark in "*?["):
        yield from (root / each for each in glob.glob(text, root_dir=root, recursive=True))  # noqa: PTH207


def _texts(value: Any, *, whole: bool) -> Iterator[tuple[str, bool]]:
    """Yield every text, and whether it may name a folder."""
    if isinstance(value, str):
        yield str(value), whole
    elif isinstance(value, Mapping):
        for key, each in value.items():
            if key not in _ELSEWHERE:
                yield from _texts(each, whole=whole or key in _FOLDERS)
    elif isinstance(value, list | tuple):
        for each in value:
            yield from _texts(each, whole=whole)
