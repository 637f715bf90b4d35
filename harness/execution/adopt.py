"""Cells that a run beside this one has finished: taken over instead of computed again."""

import shutil
from pathlib import Path

from harness.ledger import RunFolder
from harness.ledger.claims import CLAIMS
from harness.ledger.damage import CellFiles
from harness.ledger.files import make_folder, sync, sync_folder
from harness.ledger.neighbours import Neighbours
from harness.ledger.run import OUTCOME, TRAINED, files_of
from harness.plan.cells import PlannedCell
from harness.preflight.prepared import Prepared
from harness.records import CellResult, TrainRecord
from harness.spec.records import Experiment


def adopt(
    run: RunFolder, planned: PlannedCell, experiment: Experiment, prepared: Prepared, neighbours: Neighbours
) -> bool:
    """Copy a finished cell of the same id from a run folder beside this one, and tell whether one was there.

    Whoever calls holds the claim on the cell. The copy appears whole or not at all, and it replaces nothing but what a
    start left that came to nothing. One that was computed with another number of threads, or trained other rows at a
    time, was rounded otherwise and is left where it is, and so is one without a diagnostic as it is asked for, and one
    of which a file is damaged.
    """
    mine = run.cell_folder(planned.cell)
    if (mine / OUTCOME).exists() or (mine / TRAINED).exists():
        return False
    for theirs in neighbours.having(planned.cell.id):
        found = RunFolder(theirs.parent.parent).ended(planned.cell)
        if not isinstance(found, CellResult) or lacking(found.train_info, experiment):
            continue
        if _is_rounded_alike(found, prepared) and _is_whole(run, theirs):
            _copy(theirs, mine, run.folder / CLAIMS / f"adopting-{planned.cell.id}")
            source = theirs.parent.parent.name
            run.journal.append("adopted", cell=planned.cell.id, source=source, files=files_of(found))
            return True
    return False


def _is_rounded_alike(found: CellResult, prepared: Prepared) -> bool:
    machine = found.meta_info.system_info
    alike = found.train_info is None or machine.rows_at_once == prepared.fit.rows_at_once
    return alike and machine.threads == prepared.threads


def _is_whole(run: RunFolder, theirs: Path) -> bool:
    """Look at every byte of a cell beside this run; one that is damaged is noted and left where it is."""
    if found := CellFiles.of(theirs).damages():
        run.journal.append("not adopted", cell=theirs.name, damaged=[str(each) for each in found])
    return not found


def _copy(theirs: Path, mine: Path, beside: Path) -> None:
    """Copy a folder to a place beside its own, and move it there once all of it is on the disk."""
    shutil.rmtree(beside, ignore_errors=True)  # of a start that was killed while it copied
    shutil.copytree(theirs, beside)
    sync_folder(beside)
    shutil.rmtree(mine, ignore_errors=True)
    make_folder(mine.parent)
    beside.rename(mine)
    sync(mine.parent)


def lacking(training: TrainRecord | None, experiment: Experiment) -> set[str]:
    """Return the requested diagnostics that a training was not measured by, or with other options.

    Records that do not know their options are taken as they are.
    """
    if training is None:
        return set()
    asked = {request.name: request.options for request in experiment.diagnostics}
    known = asked if training.diagnostics is None else training.diagnostics
    return {name for name in asked if name not in training.measurements or known.get(name) != asked[name]}
