"""A table of scores: a row an item's score by one metric of one trained model, in columns that say which."""

import math
import numbers
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple, get_args

from harness.compare.design import DEFAULT_CLUSTER, NO_CLUSTER
from harness.compare.sources._base import ScoreSource
from harness.compare.sources.rows import Rows, columns_of, is_table, rows_in_memory, rows_of_file
from harness.compare.tidy import UNKNOWN_MODEL, Score
from harness.errors import ComparisonError
from harness.spec.records import Role
from harness.text import several

REQUIRED = ("arm", "seed", "suite", "item", "score")
"""Columns that a table has; ``recipe`` is another name of ``arm``."""
OPTIONAL = ("cluster", "role", "model", "metric", "options")
UNNAMED_METRIC = "score"
"""The metric of a table that has no column of that name."""

ROLES: tuple[Role, ...] = get_args(Role)
_SHOWN = 3
_BOOLEANS = {"true": 1.0, "false": 0.0}
_OTHER_NAME = {"recipe": "arm"}


class TableRow(NamedTuple):
    """A row as it was understood, with its number; `options` is how many answers a multiple-choice item has.

    A score that is none is NaN here and among the table's problems.
    """

    number: int
    score: Score
    options: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoreTable:
    """Rows that have their labels, and everything that is wrong with the others and with these.

    `repeated` says which rows are there several times: wrong too, unless they are to count once.
    """

    name: str
    unit: str
    columns: frozenset[str]
    rows: Sequence[TableRow]
    problems: tuple[str, ...]
    repeated: tuple[str, ...]


class TableSource(ScoreSource):
    """A CSV, JSON-lines or parquet file with the columns `REQUIRED` and perhaps `OPTIONAL` ones."""

    def recognises(self, path: Path) -> bool:
        """Return whether a file's columns are those of a table of scores."""
        named = {_OTHER_NAME.get(name, name) for name in columns_of(path)} if is_table(path) else set()
        return named.issuperset({"arm", "suite", "item", "score"})

    def read(self, path: Path) -> Iterator[Score]:
        """Yield all scores. Raises `ComparisonError` with every row that is wrong."""
        table = read_table(path)
        if table.problems or table.repeated:
            raise ComparisonError("\n".join([*table.problems, *table.repeated]))
        yield from (row.score for row in table.rows)


def read_table(table: Any, *, cluster: str = DEFAULT_CLUSTER) -> ScoreTable:
    """Return the scores of a table's file or of one in memory, with all that is wrong with its rows.

    `cluster` names the column by which items depend on each other. Raises `ComparisonError` for what cannot be read as
    rows at all, or lacks a column.
    """
    rows = rows_of_file(Path(table)) if isinstance(table, str | Path) else rows_in_memory(table)
    columns = frozenset(_OTHER_NAME.get(name, name) for name in rows.columns)
    lacking = [name for name in REQUIRED if name not in columns]
    if lacking:
        raise ComparisonError(
            f"{rows.name} has no column {', '.join(lacking)}: a table of scores has {', '.join(REQUIRED)} and may have "
            f"{', '.join(OPTIONAL)}; this one has {', '.join(rows.columns) or 'none'}."
        )
    if cluster not in {DEFAULT_CLUSTER, NO_CLUSTER} | columns:
        raise ComparisonError(
            f"{rows.name} has no column {cluster!r} to cluster by: it has {', '.join(sorted(columns))}; "
            f"name one of them, or {NO_CLUSTER}."
        )
    return _Reader(rows, cluster).read(columns)


@dataclass(slots=True)
class _Wrong:
    """The rows that one thing is wrong with, and how a few of them look."""

    rows: list[str] = field(default_factory=list)

    def text(self) -> str:
        return several(self.rows, _SHOWN, "; ")


class _Reader:
    """Understands rows one after the other and keeps what is wrong with them, by kind."""

    def __init__(self, rows: Rows, cluster: str) -> None:
        self.source = rows
        self.cluster = cluster
        self.wrong: dict[str, _Wrong] = defaultdict(_Wrong)
        self.spellings: dict[tuple[str, int], dict[str, int]] = defaultdict(dict)

    def read(self, columns: frozenset[str]) -> ScoreTable:
        found = [row for number, values in self.source.rows if (row := self._row(number, values)) is not None]
        self._seeds_named_twice()
        name = self.source.name
        problems = [f"{name}: {len(wrong.rows)} {kind} ({wrong.text()})." for kind, wrong in self.wrong.items()]
        if not self.source.rows:
            problems.append(f"{name} has no rows.")
        return ScoreTable(
            name=name,
            unit=self.source.unit,
            columns=columns,
            rows=found,
            problems=tuple(problems),
            repeated=tuple(f"{name}: {text}" for text in _repeated(found, self.source.unit)),
        )

    def _note(self, kind: str, number: int, shown: object = None) -> None:
        said = f"{self.source.unit} {number}"
        self.wrong[kind].rows.append(said if shown is None else f"{said}: {shown!r:.60}")

    def _row(self, number: int, values: Mapping[str, Any]) -> TableRow | None:
        given = {_OTHER_NAME.get(name, name): value for name, value in values.items()}
        arm, suite, item = (_label(given.get(name)) for name in ("arm", "suite", "item"))
        blank = [name for name, label in (("arm", arm), ("suite", suite), ("item", item)) if label is None]
        for name in blank:
            self._note(f"rows have no {name}", number)
        seed, score = self._seed(number, arm, given.get("seed")), self._score(number, given.get("score"))
        role, options = self._role(number, given.get("role")), self._options(number, given.get("options"))
        if arm is None or suite is None or item is None or (seed is None and _label(given.get("seed"))):
            return None
        found = Score(
            model=_label(given.get("model")) or UNKNOWN_MODEL,
            recipe=arm,
            seed=seed,
            suite=suite,
            role=role,
            item=item,
            cluster=None if self.cluster == NO_CLUSTER else _label(given.get(self.cluster)),
            metric=_label(given.get("metric")) or UNNAMED_METRIC,
            score=score,
        )
        return TableRow(number, found, options)

    def _score(self, number: int, given: Any) -> float:
        value = _number(given, texts=self.source.texts)
        if value is None or not math.isfinite(value):
            self._note("scores are not finite numbers", number, given)
            return math.nan
        return value

    def _seed(self, number: int, arm: str | None, given: Any) -> int | None:
        """Return the seed of a row: a whole number, or None where there is none, as of the untuned model."""
        if _label(given) is None:
            return None
        value = _number(given, texts=self.source.texts)
        if value is None or not value.is_integer() or isinstance(given, bool):
            self._note("seeds are not whole numbers", number, given)
            return None
        if arm is not None:
            self.spellings[arm, int(value)].setdefault(str(given).strip(), number)
        return int(value)

    def _seeds_named_twice(self) -> None:
        for (arm, seed), written in self.spellings.items():
            if len(written) > 1:
                said = " and ".join(f"{text!r} ({self.source.unit} {number})" for text, number in written.items())
                self.wrong["seeds are named twice, in different ways"].rows.append(f"seed {seed} of {arm}: {said}")

    def _role(self, number: int, given: Any) -> str | None:
        label = _label(given)
        role = None if label is None else label.lower().replace("-", "_").replace(" ", "_")
        if role is not None and role not in ROLES:
            self._note(f"rows have a role that no suite has; there are {', '.join(ROLES)}", number, given)
            return None
        return role

    def _options(self, number: int, given: Any) -> int | None:
        if _label(given) is None:
            return None
        value = _number(given, texts=self.source.texts)
        if value is None or not value.is_integer() or value < 2:  # noqa: PLR2004 - a right answer and a wrong one
            self._note("numbers of options are not whole numbers from 2", number, given)
            return None
        return int(value)


def _label(given: Any) -> str | None:
    """Return a label as a text, None where a field is empty."""
    text = "" if given is None else str(given).strip()
    return text or None


def _number(given: Any, *, texts: bool) -> float | None:
    """Return a number; a text is one in a table of texts alone."""
    if isinstance(given, str) and texts:
        text = given.strip()
        try:
            return _BOOLEANS[text.lower()] if text.lower() in _BOOLEANS else float(text)
        except ValueError:
            return None
    try:
        return float(given) if isinstance(given, numbers.Real) or hasattr(given, "dtype") else None
    except (OverflowError, TypeError, ValueError):
        return None


def _repeated(rows: Sequence[TableRow], unit: str) -> Iterator[str]:
    """Yield which rows are there twice, and which seeds whole."""
    first: dict[tuple[object, ...], int] = {}
    again: dict[tuple[str, int | None, str], list[tuple[int, int, str]]] = defaultdict(list)
    counts: dict[tuple[str, int | None, str], int] = defaultdict(int)
    for number, score, _ in rows:
        labels = score._replace(score=0.0, cluster=None)
        run = (score.recipe, score.seed, score.suite)
        counts[run] += 1
        if labels in first:
            again[run].append((number, first[labels], score.item))
        first.setdefault(labels, number)
    for (arm, seed, suite), found in again.items():
        who = f"{arm} {seed_text(seed)}"
        if 2 * len(found) == counts[arm, seed, suite] and len(found) > 1:
            number, before, _ = found[0]
            yield (
                f"{who} has each of its {len(found)} scores on {suite} twice, from {unit} {before} and from {unit} "
                f"{number} on: one seed is named twice, or its rows were added again."
            )
        else:
            said = [f"{unit} {number} repeats {unit} {before}, {item}" for number, before, item in found]
            shown = several(said, _SHOWN, "; ")
            yield f"{len(found)} rows of {who} on {suite} are there already ({shown}): one score an item."


def seed_text(seed: int | None) -> str:
    """Return how a message calls a seed."""
    return "without a seed" if seed is None else f"with seed {seed}"
