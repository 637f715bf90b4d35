"""A run folder: what it holds and who may write it.

::

    spec.lock.json    the resolved spec, versions and hashes
    journal.jsonl     what happened, in order; journal-<key>.jsonl of processes that worked at the same time
    claims/           who does what just now
    trials/<id>/      result.json of each trial of a search
    cells/<id>/       result.json, training.json, adapter/ (or weights/), eval/<key>/ (lm-eval's own files), and
                      checkpoint/ while it trains
    verdict.json      what follows from scores and spec
    costs.json        what was measured in seconds and bytes
    *.parquet         every item's score and every cell's record, where `harness report --tables` wrote them
    search.json       what a search tried and chose, where there is one
    prepared.json     what was prepared, and all that it follows from
    prefix/           what enters trained layers, while a run goes on: a cache
    tensorboard/      what each training reports, where a spec asks for it
    probes/           what layers are ranked by, measured once for all recipes: a cache
    log.txt           what the libraries said

Only the executor and its workers write; everyone else reads. A cell's outcome is its ``result.json``, which
appears whole when the cell has ended; until then ``training.json`` and each ``eval/<key>/evaluation.json``, which
appear whole too, say how far it came.
"""

import functools
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from harness.codec import decode, encode
from harness.errors import DamagedError, LedgerError
from harness.ledger.artefacts import artefact, digests, write_sealed
from harness.ledger.claims import CLAIMS
from harness.ledger.files import write_json
from harness.ledger.journal import Journal
from harness.ledger.lock import LOCK, MEND, Lock, read_lock
from harness.ledger.outcomes import UNREADABLE, Outcome, outcome_of, read_evaluation, to_json
from harness.paths import LARGEST_RECORD, read_record, read_regular
from harness.records import (
    Cell,
    CellFailure,
    CellResult,
    ChosenValues,
    Evaluation,
    Fit,
    FoundRecipe,
    Measurement,
    Screening,
)
from harness.spec.records import Experiment
from harness.storage import reading

Kind = Literal["cells", "trials"]
"""Runs that count, or trials of a search for what they train with."""

OUTCOME = "result.json"
"""Written last into a cell's folder: how it ended."""

TRAINED = "training.json"
"""Written into a cell's folder when what was trained is saved."""

STATE = "adapter"
"""The folder in a cell's of what was trained, where that is not the base model's own weights."""

WEIGHTS = "weights"
"""The folder in a cell's of a whole model's weights, where they are kept."""

ARRAYS = "measurements"
"""The folder in a cell's in which diagnostics leave files."""

THREADS = "threads.json"
"""Beside the claims: the number of threads that the first command found."""

FIT = "fit.json"
"""Beside the claims: what the first command found that the device holds of a training batch."""

MEASUREMENTS = "measurements.json"
"""What diagnostics found over all cells of the run."""

PREFIX = "prefix"
"""What cells compute alike and share while the run goes on; nothing needs it afterwards."""

TENSORBOARD = "tensorboard"
"""TensorBoard's files, a folder a training; nothing reads them."""

JUDGED = "judged"
"""The journal's event of a judgement."""

MEASURED = "measured"
"""The journal's event of diagnostics that have looked at all cells."""

ENDED = ("finished", "failed", "adopted", "evaluated")
"""The journal's events of cells that are other than they were."""

CHECKPOINT = "checkpoint"
"""The folder in a cell's of a training that is under way; gone when it is done."""

_STATUS = re.compile(rb'^  "status": "(success|failed)"', re.MULTILINE)
"""The one line of a record that begins so: a text within it has no line of its own."""

SCORED = "evaluation.json"
"""Written last into ``eval/<key>/``: the suite is scored and its files are whole."""


@dataclass(frozen=True, slots=True)
class RunFolder:
    """A run folder as it stands on disk."""

    folder: Path

    @property
    def lock(self) -> Lock:
        """The lock file. Raises `LedgerError` where it cannot be read."""
        return read_lock(self.folder)

    @property
    def experiment(self) -> Experiment:
        """The experiment as it was resolved when the run was last started."""
        experiment = self.lock.experiment
        if experiment is None:
            raise LedgerError(f"{self.folder / LOCK} holds no experiment. {MEND}")
        return experiment

    @property
    def screening(self) -> Screening | None:
        """What the contamination check compared before training; None in runs of before there was one."""
        return self.lock.screening

    @property
    def items(self) -> Mapping[str, int]:
        """The items that each suite has, by task, whatever was scored; none in runs of before that was recorded."""
        return self.lock.items

    @property
    def journal(self) -> Journal:
        """The run's journal."""
        return Journal(self.folder / "journal.jsonl")

    @property
    def log(self) -> Path:
        """Where the libraries' own output goes."""
        return self.folder / "log.txt"

    @property
    def cell_ids(self) -> tuple[str, ...]:
        """The cells of the run as last started, in order (cells of earlier specs may lie beside them)."""
        return self.lock.cells

    @property
    def threads(self) -> int | None:
        """The number of threads that was settled before there was a lock file, None where none was."""
        try:
            said = json.loads((self.folder / CLAIMS / THREADS).read_text(encoding="utf-8"))
        except (OSError, ValueError, RecursionError):
            return None
        return said if isinstance(said, int) and said > 0 else None

    def settle_threads(self, threads: int) -> None:
        """Note the number of threads with which the run's cells compute, for commands that start at the same time."""
        write_json(self.folder / CLAIMS / THREADS, threads)

    @property
    def fit(self) -> Fit | None:
        """What was settled of training batches: by the lock, else before there was one; None where nothing was."""
        if (self.folder / LOCK).exists():
            return self.lock.execution.fit
        try:
            return decode(Fit, json.loads((self.folder / CLAIMS / FIT).read_text(encoding="utf-8")))
        except (OSError, ValueError, RecursionError):
            return None

    def settle_fit(self, fit: Fit) -> None:
        """Note what the device holds of a training batch, for commands that start at the same time."""
        write_json(self.folder / CLAIMS / FIT, encode(fit))

    @property
    def tuning(self) -> tuple[ChosenValues, ...]:
        """What was searched for and chosen, one a recipe; empty without a search."""
        return self.lock.tuning

    @property
    def found(self) -> FoundRecipe | None:
        """What a search in phases found, None without one."""
        return self.lock.found

    @property
    def outcomes(self) -> tuple[Outcome, ...]:
        """The outcomes of the run's cells that have ended, in the order of the plan."""
        found = (self.outcome(cell_id) for cell_id in self.cell_ids)
        return tuple(outcome for outcome in found if outcome is not None)

    @property
    def failures(self) -> tuple[CellFailure, ...]:
        """The outcomes that are failures."""
        return tuple(outcome for outcome in self.outcomes if isinstance(outcome, CellFailure))

    @property
    def stopped(self) -> bool:
        """Whether the run stopped at the look that was judged last; the cells beyond it are not run."""
        return self.stopped_after is not None

    @property
    def stopped_after(self) -> int | None:
        """The number of seeds of the look, judged last, at which the run stopped; None where it did not stop."""
        judged = [event for event in self.journal.events() if event.get("event") == JUDGED]
        if not judged or judged[-1].get("stop") is None:
            return None
        seeds = judged[-1].get("seeds")
        return len(seeds) if isinstance(seeds, list) else None

    @property
    def measurements(self) -> dict[str, Measurement]:
        """What diagnostics found over all cells, by name; empty where none looks at them together."""
        path = self.folder / MEASUREMENTS
        if not path.exists():
            return {}
        try:
            found = read_record(path)
            return {name: decode(Measurement, each) for name, each in found.items()}
        except (OSError, ValueError, AttributeError, RecursionError) as error:
            raise LedgerError(f"{path} cannot be read ({error}); `harness run` writes it again.") from error

    def write_measurements(self, found: Mapping[str, Measurement]) -> None:
        """Record what diagnostics found over all cells."""
        write_json(self.folder / MEASUREMENTS, encode(found))

    def cell_folder(self, cell: Cell | str, kind: Kind = "cells") -> Path:
        """Return a cell's folder, which need not exist."""
        return self.folder / kind / (cell if isinstance(cell, str) else cell.id)

    def outcome(self, cell: Cell | str, kind: Kind = "cells") -> Outcome | None:
        """Return how a cell ended, or None if it has not.

        Raises `DamagedError` where its record is not whole, `StorageError` where it may be and cannot be read.
        """
        path = self.cell_folder(cell, kind) / OUTCOME
        try:
            with reading(path):
                return outcome_of(read_regular(path, LARGEST_RECORD)) if path.exists() else None
        except UNREADABLE as error:
            raise DamagedError(f"{path} cannot be read ({error}); remove the cell's folder to run it again.") from error

    def status(self, cell: str) -> Literal["success", "failed"] | None:
        """Return whether a cell ended in a result or a failure, as its record says, or None where it has not ended.

        Of thousands of cells it is too slow to hold records against their checksums: one that is damaged elsewhere
        counts as what it says. Raises `DamagedError` where it says nothing.
        """
        try:
            said = _STATUS.search((self.cell_folder(cell) / OUTCOME).read_bytes())
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError:
            said = None
        if said is not None:
            return "success" if said[1] == b"success" else "failed"
        outcome = self.outcome(cell)  # of another layout
        return None if outcome is None else "success" if isinstance(outcome, CellResult) else "failed"

    def ended(self, cell: Cell | str, kind: Kind = "cells") -> Outcome | None:
        """Return how a cell ended, or None where it has not, or its record is damaged and it has to end again."""
        try:
            return self.outcome(cell, kind)
        except LedgerError:
            return None

    def write_outcome(self, outcome: Outcome, kind: Kind = "cells") -> None:
        """Record how a cell ended, in its folder and in the journal, whose `hold` has the disk hold that it says so."""
        path = self.cell_folder(outcome.cell, kind) / OUTCOME
        write_sealed(path, to_json(outcome))
        event = "finished" if isinstance(outcome, CellResult) else "failed"
        self.journal.note(event, cell=outcome.cell.id, files={OUTCOME: artefact(path).sha256, **files_of(outcome)})

    def scored(self, cell: Cell) -> frozenset[str]:
        """Return the keys of the evaluations that a cell's folder holds."""
        return frozenset(note.parent.name for note in self.notes(cell))

    def notes(self, cell: Cell | str, kind: Kind = "cells") -> list[Path]:
        """Return the note of each suite that a cell's folder says is scored.

        Raises `StorageError` where they may be there and cannot be looked at: a pattern would find none.
        """
        place = self.cell_folder(cell, kind) / "eval"
        try:
            with reading(place):
                found = [each / SCORED for each in sorted(place.iterdir())]
                return [note for note in found if note.exists()]
        except (FileNotFoundError, NotADirectoryError):
            return []

    def evaluation(self, cell: Cell, key: str) -> Evaluation:
        """Return one of the evaluations that `scored` names."""
        path = self.cell_folder(cell) / "eval" / key / SCORED
        return read_evaluation(path)


class RunAtRest(RunFolder):
    """A run folder for as long as nothing of it changes: its lock and the outcomes of its cells are read once."""

    @functools.cached_property
    def lock(self) -> Lock:
        """The lock file. Raises `LedgerError` where it cannot be read."""
        return read_lock(self.folder)

    @functools.cached_property
    def outcomes(self) -> tuple[Outcome, ...]:
        """The outcomes of the run's cells that have ended, in the order of the plan."""
        return RunFolder(self.folder).outcomes


def files_of(outcome: Outcome) -> dict[str, str]:
    """Return the SHA-256 of each file that a cell's record names, by its path in the cell's folder."""
    if not isinstance(outcome, CellResult):
        return {}
    return digests(
        {**outcome.files, **{path: each for suite in outcome.evaluations for path, each in suite.files.items()}}
    )


def read(folder: Path) -> RunFolder:
    """Return the run in `folder`. Raises `LedgerError` if there is none."""
    run = RunFolder(folder)
    _ = run.lock
    return run
