"""One run beside a baseline: what is compared where a new recipe has a single run and an old one its seeds."""

from dataclasses import replace
from pathlib import Path

from harness.compare.design import Arm, Design, ScoredRun
from harness.compare.design_of_run import design_of
from harness.errors import UsageError
from harness.ledger import read
from harness.ledger.lock import LOCK


def is_run_folder(folder: Path) -> bool:
    """Tell whether a folder is a run of this tool, and not one of logs."""
    return (folder / LOCK).is_file()


def beside_run_folder(folder: Path, recipe: str | None, candidate: Path, name: str) -> Design:
    """Return a folder of logs beside a recipe of a run folder, compared as that run's spec declares.

    `recipe` is the run's reference unless it is said. Raises `UsageError` for one that the run does not compare.
    """
    declared = design_of(read(folder))
    arms = {arm.name: arm for arm in declared.arms}
    wanted = declared.reference.name if recipe is None else recipe
    if wanted not in arms:
        raise UsageError(f"--recipe: {folder} compares no recipe {wanted!r}; it has {', '.join(arms)}.")
    return replace(
        declared,
        reference=arms[wanted],
        candidates=(Arm(name=name if name != wanted else f"{name}, new", runs=(ScoredRun(folder=candidate),)),),
        controls=(),
        placebos=(),
        varied=(),
        looks=(),
        one_run=True,
    )
