"""What earlier starts left damaged: looked for before a cell is taken up, and removed so that it is made again.

A cell that had not ended, whose files are cut off or gone as a power cut leaves them, goes back to what is whole of it
by itself. What somebody or a bad disk changed, and whatever a finished cell rests on, is made again when that is asked
for.
"""

import shutil
from collections.abc import Sequence
from pathlib import Path

from harness.ledger.damage import CellFiles, Damage
from harness.ledger.outcomes import UNREADABLE, Training, read_evaluation, write_evaluation, write_training
from harness.ledger.run import ARRAYS, OUTCOME, SCORED, STATE, TRAINED, WEIGHTS
from harness.records import CellResult


def goes_back(files: CellFiles, found: Sequence[Damage]) -> bool:
    """Tell whether a cell goes back to its last whole state by itself: it had not ended, and nothing was changed."""
    ended = isinstance(files.run.ended(files.cell, files.kind), CellResult)
    return not ended and all(each.is_torn for each in found)


def mend(files: CellFiles, found: Sequence[Damage]) -> None:
    """Remove what is damaged of a cell and what rests on it, so that these parts of it alone are made again."""
    noted = [each for each in found if _noted_again(files, each, found)]
    again = [each for each in found if each not in noted]
    for key in {each.key for each in again if each.part == "suite"}:
        shutil.rmtree(files.folder / "eval" / key, ignore_errors=True)
    if any(each.part == "training" for each in again):
        _forget_training(files)
    if again:
        (files.folder / OUTCOME).unlink(missing_ok=True)
    files.run.journal.append("mended", cell=files.cell, files=[each.file for each in found])


def _noted_again(files: CellFiles, damage: Damage, found: Sequence[Damage]) -> bool:
    """Write a note again from the cell's record, which says the same, where the note alone is damaged."""
    outcome = files.run.ended(files.cell, files.kind)
    path = files.run.folder / damage.file
    alone = [each for each in found if (each.part, each.key) == (damage.part, damage.key)] == [damage]
    if not (alone and isinstance(outcome, CellResult)):
        return False
    if path.name == TRAINED and outcome.train_info is not None:
        training = Training(train_info=outcome.train_info, costs=outcome.costs, files=outcome.files)
        write_training(path, training)
        return True
    named = [each for each in outcome.evaluations if Path(each.samples).parts[:2] == ("eval", damage.key)]
    if path.name == SCORED and named:
        write_evaluation(path, named[0])
    return path.name == SCORED and bool(named)


def _forget_training(files: CellFiles) -> None:
    """Remove what was trained. Scores stay that say of which weights they are: they count for the same ones again."""
    (files.folder / TRAINED).unlink(missing_ok=True)
    for name in (STATE, WEIGHTS, ARRAYS):
        shutil.rmtree(files.folder / name, ignore_errors=True)
    for note in files.run.notes(files.cell, files.kind):
        try:
            named = read_evaluation(note).state_sha256
        except UNREADABLE:
            named = None
        if named is None:
            shutil.rmtree(note.parent)
