"""`promotion.json` in a run folder: whether a new model takes the place of production's, and the evidence."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from harness import __version__
from harness.bundle.verify import differing
from harness.codec import encode
from harness.compare.design_of_run import design_of
from harness.errors import ComparisonError, DamagedError, HarnessError
from harness.extras import missing
from harness.ledger import RunFolder, read
from harness.ledger.artefacts import SealError, read_sealed, together, write_sealed
from harness.ledger.damage import CellFiles
from harness.ledger.run import STATE, WEIGHTS
from harness.records import CellResult
from harness.spec.existing import ExistingArm, WeightsKind
from harness.verdict.promotion import Promotion, decide_promotion

PROMOTION = "promotion.json"
FORMAT = 1
"""Version of the file; it changes when a field changes its meaning."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rechecked:
    """What a promotion was found to be when it was decided again; `differences` name what is not as it says."""

    run: str
    choice: str
    arm: str | None
    differences: tuple[str, ...]

    @property
    def same(self) -> bool:
        """Whether everything is as it says."""
        return not self.differences


def promote(run: RunFolder, rules: Sequence[str] = ()) -> Promotion:
    """Decide, and write the decision with its evidence into the run folder.

    `rules` are those of the spec's `comparison.gate` unless some are given. Raises as `decide_promotion` does, and
    `ComparisonError` where the run's reference is no model that was trained elsewhere.
    """
    found, record = _decided(run, rules)
    write_sealed(run.folder / PROMOTION, record)
    return found


def recheck(folder: Path) -> Rechecked:
    """Decide again from the scores in the folder, by the rules that the file names, and say what differs.

    Files of scores and adapters are held against their checksums, and production's against its digest where its folder
    is still there. Raises `ComparisonError` where there is no such file, `DamagedError` where it was changed since.
    """
    run = read(folder)
    said = _read(folder / PROMOTION)
    decision = said["decision"]
    differences = list(_damaged(run, said))
    try:
        _, again = _decided(run, [str(rule) for rule in decision["rules"]])
        found = json.loads(json.dumps(again))
        places = differing("$", _of_scores(said), _of_scores(found))
        differences += [text for text, is_rounding in places if not is_rounding]
    except HarnessError as error:
        differences += [f"it cannot be decided again: {line}" for line in str(error).splitlines()]
    return Rechecked(
        run=str(said["run"]), choice=decision["choice"], arm=decision["arm"], differences=tuple(differences)
    )


def _read(path: Path) -> dict[str, Any]:
    try:
        said = read_sealed(path)
    except FileNotFoundError as error:
        raise ComparisonError(
            f"{path.parent} has no {PROMOTION}: `harness promote {path.parent}` writes it."
        ) from error
    except SealError as error:
        raise DamagedError(f"{path} was changed since it was written: {error}.") from error
    if said.get("format") != FORMAT:
        raise ComparisonError(f"{path} is of format {said.get('format')!r}, and this version reads {FORMAT}.")
    return said


def _of_scores(record: Mapping[str, Any]) -> dict[str, Any]:
    """Leave out which version and commit decided: another may decide again."""
    return {key: value for key, value in record.items() if key != "harness"}


def _decided(run: RunFolder, rules: Sequence[str]) -> tuple[Promotion, dict[str, Any]]:
    experiment = run.experiment
    production = {arm.name: arm for arm in experiment.arms}.get(experiment.comparison.reference)
    if production is None:
        raise ComparisonError(
            f"{run.folder}: its reference {experiment.comparison.reference!r} is trained by the run itself. Declare "
            "the model in production among `arms`, and make it the comparison's reference."
        )
    found = decide_promotion(design_of(run), rules or _declared(experiment.comparison.gate))
    return found, _record(run, production, found)


def _declared(gate: Mapping[str, Any]) -> list[str]:
    return [str(rule) for rule in gate.get("rules", ())]


def _record(run: RunFolder, production: ExistingArm, found: Promotion) -> dict[str, Any]:
    lock = run.lock
    arms = [production.name, *(each.arm for each in found.prospects)]
    return {
        "format": FORMAT,
        "run": run.experiment.name,
        "harness": {"version": __version__, "code": None if lock.code is None else str(lock.code)},
        "decision": encode(found),
        "made_from": None if lock.hashes is None else encode(lock.hashes),
        "cells": {name: list(_cells(run, name)) for name in arms},
    }


def _cells(run: RunFolder, name: str) -> Iterator[dict[str, Any]]:
    """Yield each trained model of an arm: where it lies, and digests of its weights and of its scores."""
    for outcome in run.outcomes:
        if outcome.cell.recipe != name or not isinstance(outcome, CellResult):
            continue
        existing = outcome.run_info.existing
        state = {file: each for file, each in outcome.files.items() if Path(file).parts[0] in (STATE, WEIGHTS)}
        yield {
            "cell": outcome.cell.id,
            "seed": outcome.cell.seed,
            "weights_sha256": existing.sha256 if existing is not None else together(state) if state else None,
            "source": existing.source if existing is not None else None,
            "scores_sha256": {each.task: together(each.files) for each in outcome.evaluations},
        }


def _damaged(run: RunFolder, said: Mapping[str, Any]) -> Iterator[str]:
    """Yield which files are not as they were when it was decided."""
    for name, cells in said["cells"].items():
        for cell in cells:
            try:
                yield from (f"{name}: {each}" for each in CellFiles(run, str(cell["cell"])).damages())
            except HarnessError as error:
                yield f"{name}: {error}"
    yield from _moved(run)


def _moved(run: RunFolder) -> Iterator[str]:
    """Yield that the folder of a model from elsewhere holds other files than were scored; what is gone says nothing."""
    if missing("run"):  # its digest is taken by what fetches such models
        return
    from harness.sources.weights import weights_sha256

    scored = {each.run_info.existing for each in run.outcomes if isinstance(each, CellResult)}
    for each in (existing for existing in scored if existing is not None and Path(existing.source).is_dir()):
        try:
            if weights_sha256(Path(each.source), cast("WeightsKind", each.kind)) != each.sha256:
                yield f"{each.source} holds other weights than were scored"
        except HarnessError as error:
            yield str(error)
