"""Which units of a run one process takes: all of them, so many, or those that are named and what they wait for."""

import difflib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace

from harness.errors import UsageError
from harness.plan.cells import PlannedCell
from harness.records import CellFailure, CellResult
from harness.text import listed
from harness.verdict import Verdicts

_SHOWN = 5


@dataclass(slots=True, kw_only=True)
class Selection:
    """The units that a process is to take, by id, or how many at most; neither means all. What came of it is noted.

    `ran` are the units that ended here, in order, `failed` those of them that failed. `whole` says that the run has
    ended with it, whoever ended the other units; `left` are named units that have not ended, as those beyond a look
    that others have not come to. `verdicts` are those of the look at which the run stopped with it.
    """

    cells: tuple[str, ...] = ()
    count: int | None = None
    ran: list[str] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)
    left: list[str] = field(default_factory=list)
    whole: bool = False
    verdicts: Verdicts | None = None
    _begun: int = 0

    @property
    def is_all(self) -> bool:
        """Whether the run is to be ended, and not a part of it."""
        return not self.cells and self.count is None

    @property
    def is_used_up(self) -> bool:
        """Whether so many units were begun as are to be taken."""
        return self.count is not None and self._begun >= self.count

    def begin(self) -> None:
        """Note that a unit begins."""
        self._begun += 1

    def end(self, outcome: CellResult | CellFailure) -> None:
        """Note how a unit ended that ran here."""
        self.ran.append(outcome.cell.id)
        if isinstance(outcome, CellFailure):
            self.failed.append(outcome.cell.id)

    def of_any(self) -> "Selection":
        """Return the selection without the names: what all units wait for is taken whatever is named."""
        return replace(self, cells=()) if self.cells else self

    def note_left(self, ended: Callable[[str], object]) -> None:
        """Note which of the named units have not ended."""
        self.left += [each for each in self.cells if not ended(each)]

    def among(
        self, planned: Sequence[PlannedCell], before: Callable[[PlannedCell], Iterable[str]]
    ) -> list[PlannedCell]:
        """Return the units that are to be taken, in their order: named ones come with what they wait for."""
        if not self.cells:
            return list(planned)
        by_id = {each.cell.id: each for each in planned}
        wanted: set[str] = set()
        open_ = [each for each in self.cells if each in by_id]
        while open_:
            unit = open_.pop()
            if unit not in wanted and unit in by_id:
                wanted.add(unit)
                open_ += before(by_id[unit])
        return [each for each in planned if each.cell.id in wanted]


def check_known(asked: Iterable[str], known: Sequence[str], *, search_is_open: bool = False) -> None:
    """Raise `UsageError` for all ids at once that are not among the `known` ones, with the nearest of these."""
    wrong = [each for each in dict.fromkeys(asked) if each not in set(known)]
    if not wrong:
        return
    said = listed([f"{each}{_nearest(each, known)}" for each in wrong], _SHOWN)
    later = " Cells that train with what a search chooses have no ids before it has ended." if search_is_open else ""
    raise UsageError(
        f"the plan has no unit of this id:\n{said}\n`harness plan SPEC --json` lists those of this spec; they "
        f"follow from its model, data and options, and change with them.{later}"
    )


def _nearest(wrong: str, ids: Sequence[str]) -> str:
    near = difflib.get_close_matches(wrong, ids, n=1, cutoff=0.5)
    return f": did you mean {near[0]}?" if near else ""
