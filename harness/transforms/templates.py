"""Augmentation by other wordings: copies of rows whose questions are asked in a second way, answers as they were.

The wordings are of the forms in which questions about a manual are asked (`harness.questions.forms`), and none is that
of a suite which asks the same in other words.
"""

import re

import numpy as np

from harness.sources.data import Row
from harness.transforms.copies import Copies

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


class Templates(Copies):
    """Add copies with the question in another wording, of rows whose question has one of the known forms."""

    name = "templates"
    does = "rewords texts"
    verb = "reword"

    def can(self, row: Row) -> bool:
        """Tell whether the row's question has a known form."""
        return _reworded(row["prompt"]) is not None

    def able(self) -> str:
        """Name the forms."""
        return f"ask in one of the {len(_WORDINGS)} forms that it knows, those of questions about a manual"

    def reworded(self, row: Row, generator: np.random.Generator) -> tuple[str, str]:
        """Return the prompt with its question in the form's other wording; nothing is drawn."""
        del generator
        return str(_reworded(row["prompt"])), "in other words"


def _reworded(prompt: str) -> str | None:
    """Return the prompt with its question in another wording, None where it has no known form."""
    for asked, otherwise in _WORDINGS:
        if asked.search(prompt):
            return asked.sub(otherwise, prompt, count=1)
    return None
