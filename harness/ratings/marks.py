"""What a rater can say of a pair: marks of each side, and which side is preferred."""

from dataclasses import dataclass
from typing import Literal

SIDES = ("a", "b")

Scale = Literal["nominal", "ordinal"]
"""How far apart two marks are, as Krippendorff's alpha has it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """One mark: what it is called, the values it takes as they are written, each with its number, and what is asked.

    A mark of each side has two columns, ``name_a`` and ``name_b``; one of the pair (`of_pair`) has one, whose number is
    that of side A: side B has what is left of 1.
    """

    name: str
    asked: str
    values: dict[str, float]
    scale: Scale
    of_pair: bool = False

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that hold it, side A first."""
        return (self.name,) if self.of_pair else tuple(f"{self.name}_{side}" for side in SIDES)

    @property
    def allowed(self) -> str:
        """``1, 2, 3, 4 or 5``."""
        *first, last = self.values
        return f"{', '.join(first)} or {last}"

    @property
    def range(self) -> str:
        """``0 to 1``: the numbers that it goes from and to."""
        return f"{min(self.values.values()):g} to {max(self.values.values()):g}"

    def number(self, text: str) -> float | None:
        """Return the number of what a rater wrote, None where the mark has no such value."""
        written = {value.casefold(): number for value, number in self.values.items()}
        plain = text.strip().casefold()
        return written.get(plain.removesuffix(".0"))  # as spreadsheets write a whole number at times


MARKS = (
    Mark(
        name="right",
        asked="Is its conclusion right? 1: right, 0: wrong",
        values={"0": 0.0, "1": 1.0},
        scale="nominal",
    ),
    Mark(
        name="coherence",
        asked="Do its steps follow from each other and from the question? 1: not at all, 5: throughout",
        values={str(value): float(value) for value in range(1, 6)},
        scale="ordinal",
    ),
    Mark(
        name="preference",
        asked="Which of the two would you rather be given?",
        values={"A": 1.0, "B": 0.0, "equal": 0.5},
        scale="ordinal",
        of_pair=True,
    ),
)

EXPERTISE = ("none", "student", "practitioner", "specialist")
"""What raters declare of themselves in the field that the questions are about."""

PAIR, RATER, DECLARED = "pair", "rater", "expertise"
LABELS = (PAIR, RATER, DECLARED)
TEXTS = ("question", "answer_a", "answer_b")
"""Columns that a rater reads, and need not give back."""
MARK_COLUMNS = tuple(column for mark in MARKS for column in mark.columns)
REQUIRED = (*LABELS, *MARK_COLUMNS)
"""Columns that come back."""
COLUMNS = (PAIR, *TEXTS, *MARK_COLUMNS, RATER, DECLARED)
"""Columns of the sheet that goes out."""
