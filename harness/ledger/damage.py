"""What of a run folder is not as it was written: each file by name, what was expected, and what making it again takes.

A record is held against its own seal, a file against the record that names it, and where an earlier version recorded no
checksums, the scores of a record against lm-eval's own. Nothing is mended here.
"""

import contextlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from harness.errors import DamagedError
from harness.file_states import read_once
from harness.ledger.artefacts import SealError
from harness.ledger.outcomes import UNREADABLE, read_evaluation, read_training
from harness.ledger.run import OUTCOME, TRAINED, Kind, RunFolder
from harness.paths import read_record
from harness.records import CellResult, Evaluation
from harness.storage import cannot_be_read, is_barred, reading
from harness.text import listed
from harness.trained import Artefact

What = Literal["missing", "cut", "unreadable", "changed"]
"""Gone; shorter than it was, as a power cut leaves files; no record at all; other bytes or values."""

Part = Literal["result", "suite", "training"]
"""What of a cell has to be made again: its record alone, the scores of a suite, or what was trained."""

_SHOWN = 12
_MINUTE = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Damage:
    """A file, by its path in the run folder, that does not hold what was written into it.

    `key` is that of the suite whose scores are damaged, empty for another part. `seconds` are what making that part
    again took the last time, or the whole cell where no more is known, None where nothing says so.
    """

    file: str
    what: What
    part: Part
    cell: str
    kind: Kind = "cells"
    key: str = ""
    expected: str = ""
    found: str = ""
    seconds: float | None = None

    @property
    def is_torn(self) -> bool:
        """Whether it is as a power cut leaves files, and not as somebody or a bad disk changes them."""
        return self.what != "changed"

    def __str__(self) -> str:
        """Return ``cells/x/samples.jsonl is changed: SHA-256 1a… was written, 2b… is there; 2.0 minutes to make …``."""
        held = f": {self.expected} was written, {self.found} is there" if self.expected else f": {self.found}"
        cost = "an unknown time" if self.seconds is None else f"about {self.seconds / _MINUTE:.1f} minutes"
        return f"{self.file} is {self.what}{held if self.found else ''}; {cost} to make again"


def damaged(run: RunFolder, found: Sequence[Damage]) -> DamagedError:
    """Return the error that names what was found."""
    return DamagedError(
        f"{run.folder} holds {len(found)} damaged {'file' if len(found) == 1 else 'files'}, from which nothing is "
        f"computed:\n{listed([*map(str, found)], _SHOWN)}\n"
        "`harness run` with --repair and this folder as --out makes them again."
    )


def refuse(run: RunFolder, found: Iterable[Damage]) -> None:
    """Raise `DamagedError` where anything is damaged."""
    if damages := list(found):
        raise damaged(run, damages)


def refuse_damaged(run: RunFolder) -> None:
    """Raise `DamagedError` with everything that is damaged among what a report of the run reads."""
    refuse(run, (each for cell in run.cell_ids for each in CellFiles(run, cell).scores()))


def unchecked(run: RunFolder) -> str | None:
    """Return a sentence on finished cells whose records are of before there were checksums, None without any."""
    results = [each for each in run.outcomes if isinstance(each, CellResult)]
    count = sum(any(not suite.files for suite in each.evaluations) for each in results)
    if not count:
        return None
    return (
        f"{count} of {len(results)} finished cells were recorded before there were checksums: that their scores are "
        "lm-eval's was looked at, not that their samples are as they were written."
    )


@dataclass(frozen=True, slots=True)
class CellFiles:
    """The files of a cell or trial, looked at for damage."""

    run: RunFolder
    cell: str
    kind: Kind = "cells"

    @classmethod
    def of(cls, folder: Path) -> "CellFiles":
        """Return those of a cell's folder, which lies where a run has it."""
        return cls(RunFolder(folder.parents[1]), folder.name, "trials" if folder.parent.name == "trials" else "cells")

    @property
    def folder(self) -> Path:
        """The cell's folder."""
        return self.run.cell_folder(self.cell, self.kind)

    def scores(self) -> Iterator[Damage]:
        """Yield what is damaged of the cell's record and of the scores that it names: all that a report reads."""
        try:
            outcome = self.run.outcome(self.cell, self.kind)
        except DamagedError as error:
            yield self._damage(OUTCOME, "result", _of_error(error.__cause__ or error), self._lasted())
            return
        if isinstance(outcome, CellResult):
            for each in outcome.evaluations:
                yield from self._evaluation(each, "")

    def damages(self, *, trained: bool = True) -> list[Damage]:
        """Return everything that is damaged, each file once; without `trained`, no byte of what was trained is read."""
        found = [*self.scores(), *self.notes(), *(self.training() if trained else ())]
        return list({each.file: each for each in found}.values())

    def notes(self) -> Iterator[Damage]:
        """Yield what is damaged of every suite that the folder says is scored, whether the record names it or not."""
        for note in self.run.notes(self.cell, self.kind):
            key = note.parent.name
            try:
                evaluation = read_evaluation(note)
            except UNREADABLE as error:
                yield self._damage(
                    note.relative_to(self.folder).as_posix(), "suite", _of_error(error), self._lasted(), key
                )
            else:
                yield from self._evaluation(evaluation, key)

    def training(self, below: str | None = None) -> Iterator[Damage]:
        """Yield what is damaged of what was trained, `below` one folder or in all; every byte of it is read.

        A folder that is gone altogether was not kept, and is no damage.
        """
        seconds = self._seconds(
            ("select", "load", "adapt", "probe", "match", "train", "validate", "checkpoint", "check", "save")
        )
        try:
            training = read_training(self.folder / TRAINED) if (self.folder / TRAINED).exists() else None
        except UNREADABLE as error:
            yield self._damage(TRAINED, "training", _of_error(error), seconds)
            training = None
        for name, said in (training.files if training else self._files_of_result()).items():
            top = Path(name).parts[0]
            if below in (None, top) and (self.folder / top).exists() and (wrong := _compared(self.folder / name, said)):
                yield self._damage(name, "training", wrong, seconds)

    def _evaluation(self, evaluation: Evaluation, key: str) -> Iterator[Damage]:
        for name, said in evaluation.files.items():
            if wrong := _compared(self.folder / name, said):
                yield self._damage(name, "suite", wrong, evaluation.seconds, key or Path(name).parts[1])
        if not evaluation.files and (wrong := _other_scores(self.folder / evaluation.results, evaluation)):
            yield self._damage(OUTCOME, "result", wrong, evaluation.seconds, key)

    def _files_of_result(self) -> Mapping[str, Artefact]:
        outcome = self.run.ended(self.cell, self.kind)
        return outcome.files if isinstance(outcome, CellResult) else {}

    def _seconds(self, stages: Iterable[str]) -> float | None:
        """Return what some stages of the cell took, as its record says, or that of its training alone."""
        outcome = self.run.ended(self.cell, self.kind)
        costs = outcome.costs if isinstance(outcome, CellResult) else None
        with contextlib.suppress(*UNREADABLE):
            costs = costs or read_training(self.folder / TRAINED).costs
        return self._lasted() if costs is None else sum(costs.seconds.get(stage, 0.0) for stage in stages)

    def _lasted(self) -> float | None:
        """Return how long the cell took from its last beginning to its end, as the journal has it."""
        begun = ended = None
        for event in self.run.journal.events():
            if event.get("cell") == self.cell and isinstance(event.get("time"), int | float):
                begun = event["time"] if event.get("event") == "began" else begun
                ended = event["time"] if event.get("event") == "finished" else ended
        return None if begun is None or ended is None else max(0.0, float(ended - begun))

    def _damage(self, name: str, part: Part, wrong: "_Wrong", seconds: float | None, key: str = "") -> Damage:
        return Damage(
            file=(self.folder / name).relative_to(self.run.folder).as_posix(),
            what=wrong.what,
            part=part,
            cell=self.cell,
            kind=self.kind,
            key=key,
            expected=wrong.expected,
            found=wrong.found,
            seconds=seconds,
        )


@dataclass(frozen=True, slots=True)
class _Wrong:
    what: What
    expected: str
    found: str


def _compared(path: Path, said: Artefact) -> _Wrong | None:
    """Hold a file against what was noted of it. Raises `StorageError` where it may be whole and cannot be read."""
    expected = f"SHA-256 {said.sha256}"
    try:
        with reading(path):
            state = read_once(path)
    except OSError as error:
        return _Wrong("unreadable", expected, f"what cannot be read ({error.strerror or error})")
    if state.size is None or state.sha256 is None:
        return _Wrong("missing", expected, "nothing")
    found = Artefact(sha256=state.sha256, bytes=state.size)
    if found == said:
        return None
    if found.bytes < said.bytes:
        return _Wrong("cut", f"{said.bytes:,} bytes with {expected}", f"{found.bytes:,} bytes")
    return _Wrong("changed", expected, f"SHA-256 {found.sha256}")


def _of_error(error: BaseException) -> _Wrong:
    """Return what is wrong of a record that cannot be read. Raises `StorageError` where it may be whole."""
    if isinstance(error, OSError) and is_barred(error):
        raise cannot_be_read(error) from error
    if isinstance(error, SealError):
        return _Wrong("changed", f"SHA-256 {error.expected}", f"SHA-256 {error.found}")
    return _Wrong("unreadable", "", f"{error or type(error).__name__}")


def _other_scores(results: Path, evaluation: Evaluation) -> _Wrong | None:
    """Hold a record of before there were checksums against the scores that lm-eval wrote beside the samples."""
    scores: Any = {}
    with contextlib.suppress(OSError, ValueError, RecursionError, KeyError, TypeError, AttributeError):
        said = read_record(results)["results"][evaluation.task]
        scores = {key: value for key, value in said.items() if isinstance(value, int | float)}
    other = {key: each for key, each in evaluation.metrics.items() if key in scores and scores[key] != each}
    if not other:
        return None
    written = ", ".join(f"{evaluation.task} {key} {scores[key]!r:.30} in {results.name}" for key in other)
    return _Wrong("changed", written, ", ".join(map(repr, other.values())))
