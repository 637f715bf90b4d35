"""What a worker program is told: one unit of work, as a JSON file that says everything the program needs."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

from harness.codec import decode, encode
from harness.ledger.files import write_text
from harness.methods.traits import traits
from harness.plan.cells import PlannedCell
from harness.plan.content import Content
from harness.plan.identity import rows_key
from harness.spec import records as spec
from harness.spec.records import Experiment, Recipe

UnitKind = Literal["prepare", "estimate", "cell", "trial", "across"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReferenceBudget:
    """What another recipe spent on training with the same seed: seconds with probing, estimated operations.

    `rows` is the number of examples a step, from which the tokens of a step of another size follow.
    """

    seconds: float
    flops: float
    steps: int
    tokens: int
    rows: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CellWork:
    """One cell to train and score in `folder`, which may hold what an earlier start did of it.

    `experiment` has the cell's own recipe alone. `budget` is there for a recipe that is to spend as much as another.
    """

    experiment: Experiment
    planned: PlannedCell
    folder: Path
    device: str
    content: Content
    versions: Mapping[str, str] = field(default_factory=dict)
    budget: ReferenceBudget | None = None
    workers: int = 1
    """How many cells run at once, this one among them."""
    rows_at_once: int | None = None
    """The rows of a training batch that the device holds at a time; None is all of them."""
    layers: tuple[tuple[spec.Layers, ...], ...] = ()
    """For the untuned model, the layers that each recipe of the run adapts, by stage: their input may be kept."""
    stage: spec.Stage | None = None
    """The stage as which the work is seen, None for the whole of it."""

    @property
    def recipe(self) -> Recipe | None:
        """The recipe that is trained, None for the base."""
        return self.planned.recipe

    @property
    def seed(self) -> int:
        """The seed of data order, start and dropout."""
        return int(self.planned.cell.seed or 0)

    @property
    def rows_sha256(self) -> str:
        """The digest of the rows that train: the stage's own, or the recipe's, where it changes them."""
        stage = self.stage
        if stage is None and self.recipe is not None and not self.recipe.stages:
            (stage,) = self.recipe.parts
        key = None if stage is None else rows_key(stage)
        return self.content.rows if key is None else self.content.stages[key]

    def for_stage(self, stage: spec.Stage) -> "CellWork":
        """Return the work as one stage sees it: with the data that trains it."""
        return replace(self, experiment=self.experiment.for_stage(stage), stage=stage)


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkUnit:
    """One piece of work and the machine it is done on.

    `device` is ``cpu``, ``cuda``, ``cuda:1`` or ``mps``; None lets the worker take an accelerator where it sees one.
    `threads` is what torch computes with; None is torch's own number, which the worker reports. `environment` is set
    before anything heavy is imported. `after` names units that must have ended before this one starts. Libraries'
    output goes to `log`.

    `experiment` is what to prepare or estimate, `cell` what to train and score; for ``across``, `trained` are the
    folders of the cells that the experiment's diagnostics look at together. An estimate with `measure_anew` does not
    take the machine's speed from the cache, and tells what `memory_on`, another kind of device, would hold; with
    `settles_batch` it is settled what the device holds of a batch.
    """

    id: str
    kind: UnitKind
    log: Path
    attempt: int = 1
    after: tuple[str, ...] = ()
    device: str | None = None
    threads: int | None = None
    environment: Mapping[str, str] = field(default_factory=dict)
    experiment: Experiment | None = None
    measure_anew: bool = False
    memory_on: str | None = None
    settles_batch: bool = False
    cell: CellWork | None = None
    trained: tuple[Path, ...] = ()

    @property
    def cell_id(self) -> str | None:
        """The cell that the unit is about, if any."""
        return None if self.cell is None else self.cell.planned.cell.id

    @property
    def sees(self) -> str | None:
        """The device that its process sees alone; None where it sees all: who prepares or plans counts accelerators."""
        counts = self.kind in {"prepare", "estimate"} and self.device == "cuda"
        return None if counts else self.device


def write_unit(unit: WorkUnit, path: Path) -> Path:
    """Write the unit's file and return its path.

    The disk need not hold it: a process reads it right away, and the next attempt writes its own.
    """
    # The order of keys is kept: it is that in which suites are scored.
    write_text(path, json.dumps(encode(unit), allow_nan=False, ensure_ascii=False) + "\n", held=False)
    return path


def read_unit(data: object) -> WorkUnit:
    """Return the unit that a file's JSON says. Raises ValueError where it is not one."""
    return decode(WorkUnit, data)


def asks_to_merge(experiment: Experiment, recipe: Recipe) -> bool:
    """Tell whether something is to be measured of a recipe's adapter by merging it."""
    return (experiment.merge.check or experiment.merge.latency) and not traits(recipe).trains_base_weights
