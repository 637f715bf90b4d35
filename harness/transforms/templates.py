"""Augmentation by other wordings: copies of rows whose questions are asked in a second way, answers as they were.

The wordings are of the forms in which questions about a manual are asked (`harness.questions.forms`), and none is that
of a suite which asks the same in other words.
"""

import re
from collections.abc import Sequence

from harness.errors import TaskError
from harness.sources.data import RENDERED, Row
from harness.spec.records import Transform
from harness.transforms._base import Losses, RowTransform, changed

_WORDINGS = tuple(
    (re.compile(asked, re.MULTILINE), otherwise)
    for asked, otherwise in (
        (r"Which (\S+) of (.+) does this describe: (.+)$", r"Here is what \2 says of one \1: \3 Which one is it?"),
        (r"What does the (\S+) (\S+) of (.+) do\?$", r"Explain the \1 \2 as it stands in \3."),
        (r"What type has the (\S+) (\S+) of (.+)\?$", r"As what type is the \1 \2 declared in \3?"),
        (r"Which (.+) has the (\S+) (\S+)\?$", r"Where, in which \1, is the \2 \3 found?"),
        (r"Which (\S+) of (.+) is required\?$", r"Name the \1 that \2 cannot do without."),
        (r"What is the default of the (\S+) (\S+) of (.+)\?$", r"Unless told otherwise, what is the \1 \2 of \3?"),
    )
)
"""By form what is asked, and how it is asked otherwise; the first that fits a row's prompt is taken."""


class Templates(RowTransform):
    """Add a copy of the declared share of the rows, behind all rows, with the question in another wording.

    Rows whose question has none of the known forms are passed over.
    """

    name = "templates"

    def apply(self, rows: Sequence[Row], declared: Transform, losses: Losses | None = None) -> list[Row]:
        """Return all rows, and behind them the copies."""
        del losses
        if any(RENDERED in row for row in rows):
            raise TaskError(f"{self.name} rewords texts, and a chat template wrote these rows.")
        able = [place for place in self.order(len(rows), declared) if _reworded(rows[place]["prompt"]) is not None]
        wanted = self.wanted(len(rows), declared)
        if len(able) < wanted:
            raise TaskError(
                f"{self.name} is to reword {wanted} of {len(rows)} rows, and {len(able)} ask in one of the "
                f"{len(_WORDINGS)} forms that it knows, those of questions about a manual. Lower its `share`."
            )
        return [*rows, *(self._copy(rows[place], place) for place in able[:wanted])]

    def _copy(self, row: Row, place: int) -> Row:
        return changed(row, f"{self.name}: row {place + 1} in other words", prompt=str(_reworded(row["prompt"])))


def _reworded(prompt: str) -> str | None:
    """Return the prompt with its question in another wording, None where it has no known form."""
    for asked, otherwise in _WORDINGS:
        if asked.search(prompt):
            return asked.sub(otherwise, prompt, count=1)
    return None
