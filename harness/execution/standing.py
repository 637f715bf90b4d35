"""How the cells of one kind stand in a run folder: which have ended, which run again, and what a result lists."""

import json
from dataclasses import dataclass, field, replace
from pathlib import Path

from harness.errors import FailureKind
from harness.execution.adopt import adopt
from harness.execution.sharing import Sharing
from harness.execution.unit import asks_to_merge
from harness.ledger import Outcome, RunFolder
from harness.ledger.run import Kind
from harness.plan.cells import MERGE_CHECK, PlannedCell
from harness.preflight.prepared import Prepared
from harness.records import CellFailure, CellResult, Evaluation
from harness.spec.records import Experiment

UNIT = "unit.json"
"""The file in a cell's folder with the unit as it was last submitted, from which attempts are counted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What all cells of one kind share. A cell that has ended is left alone, unless it failed and is retried."""

    run: RunFolder
    experiment: Experiment
    prepared: Prepared
    retry: frozenset[FailureKind]
    repair: bool = False
    kind: Kind = "cells"
    _begun: dict[str, int] = field(default_factory=dict)
    """How often each cell had been started before this process looked: a failure of since then is not retried."""

    def count_starts(self, planned: PlannedCell) -> None:
        """Note how often a cell had been started, the first time that it is looked at."""
        self._begun.setdefault(planned.cell.id, attempts(self.run.cell_folder(planned.cell, self.kind)))

    def settled(self, planned: PlannedCell, sharing: Sharing) -> Outcome | None:
        """Return how a cell ended: as a run beside this one has it, or with its result listing the scores asked for.

        It is claimed only where one of these is to be done: of thousands of cells few are.
        """
        outcome = self.run.ended(planned.cell, self.kind)
        lies_beside = outcome is None and self.kind == "cells" and bool(sharing.neighbours.having(planned.cell.id))
        if not (lies_beside or self._asks_otherwise(planned, outcome) is not None) or not sharing.take(planned.cell):
            return outcome
        self.adopt(planned, sharing)
        self._take_up(planned)
        sharing.release(planned.cell)
        return self.run.ended(planned.cell, self.kind)

    def adopt(self, planned: PlannedCell, sharing: Sharing) -> None:
        """Take over what a run beside this one has finished of a claimed cell."""
        if self.kind == "cells":
            adopt(self.run, planned, self.experiment, self.prepared, sharing.neighbours)

    def _take_up(self, planned: PlannedCell) -> None:
        """Let a result list the scores that are asked for now, where a start in between asked for others.

        ``--limit 20``, all, and ``--limit 20`` again: every suite is scored by then, the last start must be told so.
        """
        outcome = self.run.ended(planned.cell, self.kind)
        asked = self._asks_otherwise(planned, outcome)
        if isinstance(outcome, CellResult) and asked is not None:
            self.run.write_outcome(replace(outcome, evaluations=asked), self.kind)

    def _asks_otherwise(self, planned: PlannedCell, outcome: Outcome | None) -> tuple[Evaluation, ...] | None:
        """Return the scores that are asked for of a result that lists others, None where it lists them or lacks one."""
        if not isinstance(outcome, CellResult) or not self.run.scored(planned.cell).issuperset(planned.suites):
            return None
        asked = tuple(self.run.evaluation(planned.cell, key) for key in planned.suites)
        return None if asked == outcome.evaluations else asked

    def is_waiting(self, planned: PlannedCell) -> bool:
        """Say whether a cell is still to be run: it has not ended, or is to run again."""
        outcome = self.run.ended(planned.cell, self.kind)
        return outcome is None or self.runs_again(planned, outcome)

    def runs_again(self, planned: PlannedCell, outcome: Outcome) -> bool:
        """Say whether a cell that ended failed and is retried, or lacks what is asked."""
        if isinstance(outcome, CellFailure):
            if self.repair and outcome.kind == "damaged":
                return True
            begun = attempts(self.run.cell_folder(planned.cell, self.kind))
            return outcome.kind in self.retry and begun <= self._begun.get(planned.cell.id, begun)
        if self.kind == "trials":
            return False
        return not self.run.scored(planned.cell).issuperset(planned.suites) or self._lacks_merge(planned, outcome)

    def _lacks_merge(self, planned: PlannedCell, result: CellResult) -> bool:
        """Say whether the spec's `merge` asks for something that the cell was not measured for."""
        asked = self.experiment.merge
        if planned.recipe is None or not asks_to_merge(self.experiment, planned.recipe):
            return False
        unchecked = asked.check and MERGE_CHECK not in result.measurements
        return unchecked or (asked.latency and result.latency is None)


def attempts(folder: Path) -> int:
    """Return how often a cell was started before, as the unit's file in its folder says; 0 where there is none."""
    try:
        said = json.loads((folder / UNIT).read_text(encoding="utf-8"))["attempt"]
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return 0
    return said if isinstance(said, int) else 0
