"""What raters gave back: tables with a row a pair, and everything that is wrong with them at once."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from harness.compare.sources.rows import Rows, rows_of_file
from harness.errors import ComparisonError
from harness.ratings.key import Key
from harness.ratings.marks import COLUMNS, DECLARED, EXPERTISE, MARKS, PAIR, RATER, REQUIRED, TEXTS
from harness.text import several, squeeze

_SHOWN = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Rater:
    """A rater by name, what they declared, and their marks: by pair and column, as numbers; what is left out is not in.

    A pair of which nothing was marked is not in either.
    """

    name: str
    expertise: str
    marks: Mapping[str, Mapping[str, float]]


@dataclass(slots=True)
class _Found:
    """A rater as the rows tell, with where each thing stood first."""

    name: str
    file: Path
    expertise: dict[str, str] = field(default_factory=dict)
    rows: dict[str, str] = field(default_factory=dict)
    marks: dict[str, dict[str, float]] = field(default_factory=dict)


def read_returned(files: Sequence[Path], key: Key) -> tuple[Rater, ...]:
    """Return the raters of some files, in the order of their names.

    A file is a table as the page saves it or the sheet as it was filled in; one that has one rater names them, and what
    they declare, in one row at least. Raises `ComparisonError` with every problem of every file, each with its place.
    """
    reader = _Reader(key)
    for path in files:
        reader.read(path)
    return reader.raters()


class _Reader:
    """Reads files one after the other and keeps what is wrong, by kind, with its places."""

    def __init__(self, key: Key) -> None:
        self.pairs = {each.pair for each in key.pairs}
        self.found: dict[str, _Found] = {}
        self.problems: list[str] = []
        self.wrong: dict[str, list[str]] = defaultdict(list)

    def read(self, path: Path) -> None:
        try:
            rows = rows_of_file(path)
        except ComparisonError as error:
            self.problems.append(str(error))
            return
        said = _columns(rows)
        if said is not None:
            self.problems.append(said)
            return
        only = _only(rows, RATER)
        for number, values in rows.rows:
            self._row(path, f"{path}:{number}", values, only)

    def _row(self, path: Path, place: str, values: Mapping[str, Any], only: str) -> None:
        pair, name = _text(values, PAIR), _text(values, RATER) or only
        marks = self._marks(place, values)
        if pair not in self.pairs:
            self.wrong["unknown pairs: they are of another export, or were changed"].append(f"{place}: {pair!r:.40}")
        if not name:
            self.wrong["rows without a rater, where the file has none or several"].append(place)
        if not name or pair not in self.pairs:
            return
        rater = self.found.setdefault(name.casefold(), _Found(name=name, file=path))
        if rater.file != path:
            kind = "raters twice: the marks of one rater come in one file"
            self.wrong[kind].append(f"{rater.name!r:.40} in {rater.file} and in {path}")
            return
        if pair in rater.rows:
            self.wrong["pairs twice of one rater"].append(f"{place}: {pair} of {name!r:.40} is at {rater.rows[pair]}")
            return
        rater.rows[pair] = place
        declared = _text(values, DECLARED).casefold()
        if declared:
            rater.expertise.setdefault(declared, place)
        if marks:
            rater.marks[pair] = marks

    def _marks(self, place: str, values: Mapping[str, Any]) -> dict[str, float]:
        """Return the marks of a row by column; what is empty was left out."""
        found = {}
        for mark in MARKS:
            for column in mark.columns:
                text = _text(values, column)
                number = mark.number(text)
                if number is not None:
                    found[column] = number
                elif text:
                    kind = f"marks out of range: {mark.name} is {mark.allowed}, or empty where a rater cannot tell"
                    self.wrong[kind].append(f"{place}: {column} is {text!r:.40}")
        return found

    def _check_expertise(self) -> None:
        known = ", ".join(EXPERTISE)
        for each in self.found.values():
            unknown = [f"{place}: {said!r:.40}" for said, place in each.expertise.items() if said not in EXPERTISE]
            if unknown:
                self.wrong[f"raters with an expertise that there is not; there are {known}"].extend(unknown)
            elif len(each.expertise) > 1:
                said = " and ".join(f"{said} ({place})" for said, place in each.expertise.items())
                self.wrong["raters with several expertises"].append(f"{each.name!r:.40}: {said}")
            elif not each.expertise:
                kind = f"raters who do not say what their expertise is; one of {known}"
                self.wrong[kind].append(f"{each.name!r:.40} in {each.file}")

    def raters(self) -> tuple[Rater, ...]:
        self._check_expertise()
        listed = [f"{len(set(places))} {kind} ({_some(places)})." for kind, places in self.wrong.items()]
        if self.problems or listed:
            raise ComparisonError("\n".join([*self.problems, *listed]))
        found = sorted(self.found.values(), key=lambda each: each.name.casefold())
        return tuple(Rater(name=each.name, expertise=next(iter(each.expertise)), marks=each.marks) for each in found)


def _some(places: Sequence[str]) -> str:
    return several(list(dict.fromkeys(places)), _SHOWN, "; ")


def _columns(rows: Rows) -> str | None:
    """Return what is wrong with a table's columns, or that it has no rows."""
    lacking = [name for name in REQUIRED if name not in rows.columns]
    foreign = [name for name in rows.columns if name not in COLUMNS]
    if lacking or foreign:
        said = [f"lacks the column {', '.join(lacking)}"] if lacking else []
        said += [f"has columns that no sheet has, {', '.join(f'{name!r:.40}' for name in foreign)}"] if foreign else []
        return (
            f"{rows.name} {' and '.join(said)}: ratings have {', '.join(REQUIRED)}, and may have {', '.join(TEXTS)}; "
            "columns of CSV are parted by commas."
        )
    return None if rows.rows else f"{rows.name} has no rows."


def _only(rows: Rows, column: str) -> str:
    """Return what all rows that say something say in a column; nothing where they say several things."""
    found = {text.casefold(): text for _, values in rows.rows if (text := _text(values, column))}
    return next(iter(found.values())) if len(found) == 1 else ""


def _text(values: Mapping[str, Any], column: str) -> str:
    given = values.get(column)
    return "" if given is None else squeeze(str(given))
