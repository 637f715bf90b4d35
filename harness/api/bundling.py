"""What leaves a run: a bundle, a repository on the hub, a model to serve, a decision about production."""

import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from harness.api.declaring import PathLike
from harness.api.running import run_of
from harness.errors import ComparisonError
from harness.extras import require
from harness.runs import Run, conclude

if TYPE_CHECKING:
    from harness.bundle import Verified
    from harness.bundle.hub import Pushed
    from harness.bundle.model_folder import ExportedModel
    from harness.bundle.promotion import Rechecked
    from harness.verdict.promotion import Promotion


def bundle(run: Run | PathLike, *, out: PathLike | None = None, include_items: Sequence[str] = ()) -> Path:
    """Write a run's records, scores and verdict as one file that others can verify, and return its path.

    It is `out`, or named after the run in the current folder. Items of suites whose licence keeps them back are left
    out, unless `include_items` names the suite. Raises `LedgerError` and `ComparisonError` where there is nothing to
    bundle, `BundleError` where it cannot be made.
    """
    path, _ = bundled(run, out=out, include_items=include_items)
    return path


def bundled(
    run: Run | PathLike, *, out: PathLike | None = None, include_items: Sequence[str] = ()
) -> tuple[Path, Mapping[str, str]]:
    """Do what `bundle` does; return the path, and the suites whose items were left out, each with its licence."""
    from harness.bundle import make

    found = run_of(run)
    path = Path(out) if out is not None else Path(f"{found.experiment.name}.bundle.tar.xz")
    reports = conclude(replace(found, bundled=True)).bundled
    return path, make(found.files, path, reports, include_items=include_items)


def push(
    run: Run | PathLike, to: str, *, public: bool = False, licence: str | None = None, dry_run: bool = False
) -> "Pushed":
    """Push a run to the repository `to` (``OWNER/NAME``) on the hub, and return what it has there.

    It gets the adapters that the run kept, each with its model card, the run's card, and its bundle. Items of suites
    whose licence keeps them back never leave. `licence` is the adapters', by the hub's id; a repository that is made is
    private unless `public`. With `dry_run` everything is made and nothing leaves: no network and no account is needed.

    Needs the extra `run` unless `dry_run`. Raises `UsageError` for what is not a repository, what `bundle` raises,
    `DamagedError` for adapters that are not as they were written, and `SourceError` for what the hub refuses.
    """
    from harness import __version__
    from harness.bundle.hub import check_repository, stage, upload

    check_repository(to)
    if not dry_run:
        require("run", "harness.push")
    found = run_of(run)
    if found.experiment.searches_alone:
        raise ComparisonError(f"{found.folder} is a search alone: there is no verdict to push.")
    reports = conclude(replace(found, bundled=True)).bundled
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        staged = stage(found.files, found.verdicts, found.decision, reports, place, repository=to, licence=licence)
        if dry_run:
            return staged
        said = f"{found.experiment.name}, by harness {__version__}"
        return replace(staged, url=upload(place, to, private=not public, said=said))


def verify(bundle: PathLike) -> "Verified":
    """Judge the scores in a bundle anew and say whether its verdict is theirs, or what differs.

    Raises `BundleError` for a file that is not a bundle.
    """
    from harness.bundle import verify as verify_bundle

    return verify_bundle(Path(bundle))


def promote(run: Run | PathLike, *, rules: Sequence[str] = ()) -> "Promotion":
    """Return whether a new arm of a run takes the place of its reference, the model in production; write it down.

    ``promotion.json`` in the run folder holds the decision and what it rests on. `rules` are those of the spec's gate
    unless some are given, and without any no suite may drop by more than 1%. Raises what
    `harness.bundle.promotion.promote` does.
    """
    from harness.bundle.promotion import promote as promote_run

    return promote_run(run_of(run).files, rules)


def verify_promotion(run: PathLike) -> "Rechecked":
    """Decide again what the ``promotion.json`` of a run folder says, and return what differs.

    Raises what `harness.bundle.promotion.recheck` does.
    """
    from harness.bundle.promotion import recheck

    return recheck(Path(run))


def export_model(
    run: Run | PathLike,
    cell: str,
    out: PathLike,
    *,
    merged: bool = False,
    items: int | None = None,
    tolerance: float | None = None,
    device: str = "cpu",
) -> "ExportedModel":
    """Write a cell's model into `out` as a folder that transformers and PEFT load, and return what it holds.

    An adapter is written in PEFT's format with where its base is; `merged`, and of full fine-tuning and the base, whole
    weights. Some `items` (16) that the cell was scored on are scored again from the folder and may differ by
    `tolerance` (0.02; nats of a log-likelihood, or of generated answers points of the score), or it is refused.

    Needs the extra `run`. Raises what `harness.bundle.model_folder.export_model` does.
    """
    require("run", "harness.api.export_model")
    from harness.bundle.model_folder import ITEMS, TOLERANCE
    from harness.bundle.model_folder import export_model as export

    return export(
        run_of(run).files,
        cell,
        Path(out),
        merged=merged,
        items=ITEMS if items is None else items,
        tolerance=TOLERANCE if tolerance is None else tolerance,
        device=device,
    )
