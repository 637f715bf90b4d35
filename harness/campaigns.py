"""An experiment of several models: a run folder for each below one, which has the report over them.

::

    campaign.json      which models there are, and what is otherwise with each
    <model>/           a run folder as of any experiment
    <model>/not_run.json   why the last start came to no end, where that was so
    over_models.json   each measure over the models, and what failed
    report.html, report.md

Each model's run is complete by itself: whatever takes a run folder takes it. A model that cannot be run is a record,
and the others are run.
"""

import contextlib
import difflib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Unpack

from harness import api
from harness.api import Changes, PathLike
from harness.codec import encode
from harness.errors import HarnessError, LedgerError, PluginError, SpecError, StorageError, UsageError, first_line
from harness.ledger.files import write_json
from harness.ledger.lock import CAMPAIGN, LOCK
from harness.runs import Run
from harness.spec import Campaign, load_any
from harness.spec.records import Experiment
from harness.storage import writing
from harness.text import listed, several

if TYPE_CHECKING:
    from harness.execution.selection import Selection
    from harness.execution.watcher import Watcher
    from harness.records import CellFailure
    from harness.report.document import Document
    from harness.report.over_models import ModelOutcome
    from harness.verdict.over_models import OverModels

NOT_RUN = "not_run.json"
OVER_MODELS = "over_models.json"
FORMAT = 1
"""Version of ``campaign.json`` and ``over_models.json``; it changes when a field changes its meaning."""

_OF_ALL = (UsageError, SpecError, StorageError, PluginError)
"""What ends the command: it is about the command, the spec or the disk, and no model is at fault."""
_SHOWN = 5


@contextmanager
def _unwatched(_model: str, _experiment: Experiment, _folder: Path) -> Iterator[None]:
    yield None


def _nothing(*_: Any) -> None:
    return


@dataclass(frozen=True, kw_only=True)
class Observer:
    """Told of each model: `watching` gives what watches its run, then `done` or `not_run` is called."""

    watching: "Callable[[str, Experiment, Path], AbstractContextManager[Watcher | None]]" = _unwatched
    done: Callable[[str, Run], None] = _nothing
    not_run: Callable[[str, HarnessError], None] = _nothing


@dataclass(frozen=True, kw_only=True)
class CampaignRun:
    """What came of a start: the runs that ended here, and of the others why not; `parts` where a part was asked for.

    `passed_over` are models of which nothing was asked, or nothing more could be taken.
    """

    folder: Path
    runs: dict[str, Run] = field(default_factory=dict)
    errors: dict[str, HarnessError] = field(default_factory=dict)
    passed_over: list[str] = field(default_factory=list)

    @property
    def parts(self) -> "dict[str, Selection]":
        """What came of the part that was asked for, by model; none where all was."""
        return {name: run.part for name, run in self.runs.items() if run.part is not None}

    @property
    def is_whole(self) -> bool:
        """Whether every model has come to an end, whoever ended it."""
        here = all(part.whole for part in self.parts.values())
        return here and all(_has_ended(self.folder / each) for each in self.passed_over)


def load(spec: PathLike, **changes: Unpack[Changes]) -> Campaign:
    """Return the experiments of a spec's models. Raises `SpecError`, and `UsageError` for a spec of one `model`."""
    include = tuple(Path(folder) for folder in changes.get("include", ()))
    found = load_any(spec, include=include, overrides=api.overrides_of(changes))
    if not isinstance(found, Campaign):
        raise UsageError(f"{spec} is of one model. `harness.load` reads it.")
    return found


def folder_of(campaign: Campaign, out: PathLike | None = None) -> Path:
    """Return the folder of the models' run folders: `out`, or one named after the experiment below ``runs/``."""
    return Path(out) if out is not None else Path("runs") / campaign.name


def run(
    campaign: Campaign,
    *,
    out: PathLike | None = None,
    cells: Sequence[str] = (),
    units: int | None = None,
    observer: Observer | None = None,
    **options: Any,
) -> CampaignRun:
    """Run the models one after the other, as `harness.api.run` runs an experiment, and write the report over them.

    `cells` are ids with the model's name before them, ``MODEL/ID``; `units` is how many this process takes at most of
    all models. `options` are those of `harness.api.run`. What is wrong with one model is noted, and the next is run.
    Raises `UsageError`, `SpecError`, `PluginError` and `StorageError` as there, and what was wrong with the first model
    where none could be run.
    """
    told, folder = observer or Observer(), folder_of(campaign, out)
    named = _named(campaign, cells)
    _begin(campaign, folder)
    found, left = CampaignRun(folder=folder), units
    for model, experiment in campaign.experiments.items():
        if (cells and model not in named) or left == 0:
            found.passed_over.append(model)
            continue
        place, mine = folder / model, named.get(model, [])
        try:
            with told.watching(model, experiment, place) as watcher:
                done = api.run(experiment, out=place, watcher=watcher, cells=mine, units=left, **options)
        except _OF_ALL:
            raise
        except HarnessError as error:
            _note(place, error)
            found.errors[model] = error
            told.not_run(model, error)
            continue
        (place / NOT_RUN).unlink(missing_ok=True)
        found.runs[model] = done
        left = left if left is None or done.part is None else left - len(done.part.ran)
        told.done(model, done)
    if found.is_whole:
        conclude(folder).save()
    if not found.runs and found.errors:
        raise next(iter(found.errors.values()))
    return found


def _named(campaign: Campaign, cells: Sequence[str]) -> dict[str, list[str]]:
    """Return the ids by model. Raises `UsageError` for all at once that name none; one model alone needs no name."""
    found: dict[str, list[str]] = {}
    wrong = []
    models = list(campaign.experiments)
    for each in cells:
        model, slash, unit = each.partition("/")
        if not slash and len(models) == 1:
            model, unit = models[0], each
        if model in models and unit:
            found.setdefault(model, []).append(unit)
        else:
            near = difflib.get_close_matches(model, models, n=1)
            wrong.append(f"{each}{f': did you mean {near[0]}/{unit}?' if near and unit else ''}")
    if wrong:
        raise UsageError(
            f"these name no model and unit of it:\n{listed(wrong, _SHOWN)}\nWrite MODEL/ID; the models are "
            f"{several(models, _SHOWN)}. `harness plan SPEC --json` lists the ids."
        )
    return found


def _begin(campaign: Campaign, folder: Path) -> None:
    """Write which models there are, where that is not what stands there: several processes may start at once."""
    models = [{"name": name, **about} for name, about in campaign.models.items()]
    said = {"format": FORMAT, "name": campaign.name, "description": campaign.description, "models": models}
    with writing(folder, "Choose another folder with --out."):
        if (folder / LOCK).is_file():
            raise UsageError(f"{folder} holds a run of one model. Choose another folder with --out.")
        folder.mkdir(parents=True, exist_ok=True)
        with contextlib.suppress(OSError, ValueError):
            if json.loads((folder / CAMPAIGN).read_text(encoding="utf-8")) == said:
                return
        write_json(folder / CAMPAIGN, said)


def _note(folder: Path, error: HarnessError) -> None:
    with writing(folder):
        folder.mkdir(parents=True, exist_ok=True)
        write_json(folder / NOT_RUN, {"kind": type(error).__name__, "message": str(error)})


@dataclass(frozen=True, kw_only=True)
class ConcludedCampaign:
    """What the models' runs came to, as far as they came; each was judged by itself."""

    folder: Path
    name: str
    description: str
    outcomes: "tuple[ModelOutcome, ...]"
    measures: "tuple[OverModels, ...]"

    @property
    def document(self) -> "Document":
        """The report over models."""
        from harness.report.over_models import over_models_document

        return over_models_document(self.name, self.description, self.outcomes, self.measures)

    @property
    def has_failures(self) -> bool:
        """Whether a cell failed, or a model could not be run or judged."""
        return any(each.failures or each.judged.failed for each in self.outcomes)

    def to_json(self) -> dict[str, Any]:
        """Return the content of ``over_models.json``: plain JSON values."""
        models = [
            {
                "name": each.judged.name,
                "model": each.model,
                "otherwise": each.own,
                "cells": each.cells,
                "ended": each.ended,
                "judged": each.judged.verdicts is not None,
                "why": each.judged.why,
                "failures": [
                    {"cell": one.cell.id, "kind": one.kind, "stage": one.stage, "message": one.message}
                    for one in each.failures
                ],
            }
            for each in self.outcomes
        ]
        measures = [{**encode(each), "win_rate": each.win_rate} for each in self.measures]
        return {"format": FORMAT, "name": self.name, "models": models, "measures": measures}

    def save(self) -> None:
        """Write ``over_models.json`` and the report. Raises `StorageError` where a file cannot be written."""
        from harness.report.files import PAGE, SUMMARY, render_page, write_report
        from harness.report.render.markdown import MarkdownRenderer

        with writing(self.folder / OVER_MODELS):
            write_json(self.folder / OVER_MODELS, self.to_json())
        write_report(self.folder / PAGE, render_page(self.document))
        write_report(self.folder / SUMMARY, f"{MarkdownRenderer().render(self.document)}\n")


def conclude(folder: Path) -> ConcludedCampaign:
    """Judge the models whose runs have ended, each by itself, and count over them.

    A run that is under way is not judged: a judgement of it would be a look. Raises `LedgerError` for a folder of none.
    """
    from harness.verdict.over_models import over_models

    said = _read(folder)
    outcomes = tuple(_outcome(folder / each["name"], each) for each in said["models"])
    comparison = next((each.judged.verdicts for each in outcomes if each.judged.verdicts is not None), None)
    judged = [each.judged for each in outcomes]
    return ConcludedCampaign(
        folder=folder,
        name=said["name"],
        description=said["description"],
        outcomes=outcomes,
        measures=() if comparison is None else over_models(judged, comparison.candidates, comparison.reference),
    )


def _read(folder: Path) -> Mapping[str, Any]:
    try:
        said = json.loads((folder / CAMPAIGN).read_text(encoding="utf-8"))
        _ = said["name"], said["description"], [(each["name"], each["model"], each["own"]) for each in said["models"]]
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise LedgerError(
            f"{folder / CAMPAIGN} cannot be read ({error}); `harness run SPEC` writes it again."
        ) from error
    return dict(said)


def _outcome(folder: Path, about: Mapping[str, Any]) -> "ModelOutcome":
    """Return how a model's run ended."""
    from harness.ledger.run import RunAtRest
    from harness.report.over_models import ModelOutcome
    from harness.verdict.over_models import JudgedModel

    name, cells, ended = about["name"], 0, 0
    failures: tuple[CellFailure, ...] = ()
    why, failed = _why_not(folder)
    judged = JudgedModel(name=name, why=why, failed=failed)
    if (folder / LOCK).is_file():
        try:
            run = RunAtRest(folder)
            cells, failures, ended = len(run.cell_ids), run.failures, len(run.outcomes)
            if ended == cells or run.stopped:
                judged = JudgedModel(name=name, verdicts=Run(folder).verdicts, costs=Run(folder).costs)
            elif not failed:
                judged = JudgedModel(name=name, why=f"{cells - ended} of {cells} cells have not run yet")
        except HarnessError as error:
            judged = JudgedModel(name=name, why=first_line(error), failed=True)
    return ModelOutcome(
        judged=judged, model=about["model"], own=about["own"], cells=cells, ended=ended, failures=failures
    )


def _has_ended(folder: Path) -> bool:
    """Tell whether a model's run has ended, or what is wrong with it is noted."""
    from harness.ledger.run import RunAtRest

    if _why_not(folder)[1]:
        return True
    if not (folder / LOCK).is_file():
        return False
    with contextlib.suppress(HarnessError):
        run = RunAtRest(folder)
        return bool(run.stopped) or len(run.outcomes) == len(run.cell_ids)
    return False


def _why_not(folder: Path) -> tuple[str, bool]:
    """Return why a model has no run that ended, and whether something is wrong with it."""
    try:
        said = json.loads((folder / NOT_RUN).read_text(encoding="utf-8"))["message"]
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return "not run yet", False
    return str(said).partition("\n")[0], True
