"""What happens in a run as JSON lines, for programs: one object a line, each with its `event`."""

import json
from collections.abc import Mapping, Sequence
from typing import TextIO

from harness.codec import JSON, encode
from harness.execution.events import Body
from harness.ledger import Outcome
from harness.ledger.damage import Damage
from harness.ledger.run import Kind
from harness.plan.cells import PlannedCell
from harness.records import CellFailure
from harness.spec.records import Experiment
from harness.verdict.records import Looks


class JsonLines:
    """Writes each event when it happens.

    ============  ==================================================================================================
    `event`       besides
    ============  ==================================================================================================
    ``run``       `name`, `folder`, `recipes`, `seeds`, `suites`: what is run, the first line
    ``preparing`` `told` with its fields: a stage of preparing model and data
    ``mended``    `files`: what was damaged and is made again
    ``planned``   `kind` (``cells`` or ``trials``), `cells` by id, `done`: ids of those that had ended before
    ``began``     `cell`, `recipe`, `seed`
    ``message``   `cell`, `told` (``StepDone``, ``StageEntered``, ``ItemsScored``, …) with its fields
    ``finished``  `cell`, `result`: its whole record, as in ``result.json``
    ``failed``    `cell`, `failure`: kind, stage and message
    ``looked``    `looks`: the looks that were taken and what each found
    ``concluded`` `folder`, `exit_code`, `verdicts` as in ``verdict.json``: the last line
    ``models``    `name`, `folder`, `models`: the first line where there are several; each has ``run`` to ``concluded``
    ``not_run``   `model`, `message`: why a model came to no end, in the place of its ``concluded``
    ============  ==================================================================================================
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def begin(self, experiment: Experiment, folder: str) -> None:
        """Write what is run."""
        self._write(
            "run",
            name=experiment.name,
            folder=folder,
            recipes=[each.id for each in experiment.recipes],
            seeds=list(experiment.seeds),
            suites=[each.task for each in experiment.suites],
        )

    def begin_models(self, name: str, folder: str, models: Sequence[str]) -> None:
        """Write which models are run."""
        self._write("models", name=name, folder=folder, models=list(models))

    def not_run(self, model: str, message: str) -> None:
        """Write why a model's run came to no end."""
        self._write("not_run", model=model, message=message)

    def conclude(self, folder: str, exit_code: int, verdicts: Mapping[str, JSON] | None) -> None:
        """Write what it came to; None where it is a search alone."""
        self._write("concluded", folder=folder, exit_code=exit_code, verdicts=verdicts)

    def preparing(self, message: Body) -> None:
        """Write the stage."""
        self._write("preparing", **_told(message))

    def mended(self, removed: Sequence[Damage]) -> None:
        """Write which files."""
        self._write("mended", files=[str(each) for each in removed])

    def planned(self, kind: Kind, cells: Sequence[PlannedCell], done: Sequence[Outcome]) -> None:
        """Write which trials or cells are next."""
        ids = [each.cell.id for each in cells]
        self._write("planned", kind=kind, cells=ids, done=[each.cell.id for each in done])

    def cell(self, place: int, planned: PlannedCell) -> None:
        """Write which cell begins."""
        del place
        self._write("began", cell=planned.cell.id, recipe=planned.cell.recipe, seed=planned.cell.seed)

    def message(self, cell: str, message: Body) -> None:
        """Write what a cell tells."""
        self._write("message", cell=cell, **_told(message))

    def ended(self, outcome: Outcome) -> None:
        """Write how a cell ended."""
        failed = isinstance(outcome, CellFailure)
        name, field = ("failed", "failure") if failed else ("finished", "result")
        self._write(name, cell=outcome.cell.id, **{field: encode(outcome)})

    def looked(self, looks: Looks) -> None:
        """Write what the look found."""
        self._write("looked", looks=encode(looks))

    def _write(self, event: str, **fields: JSON) -> None:
        self._stream.write(json.dumps({"event": event, **fields}, allow_nan=False) + "\n")
        self._stream.flush()


def _told(message: Body) -> dict[str, JSON]:
    return {"told": type(message).__name__, **encode(message)}
