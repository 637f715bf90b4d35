"""Two runs beside each other: tables of what differs, of scores, and of what became of every gap."""

import json
from collections.abc import Iterator, Sequence

from harness.compare.beside import Difference, ScoreBeside
from harness.compare.summaries import MeanAndSD
from harness.report.document import Block, Cell, Number, Prose, Table, Words
from harness.report.sections.answer import verdict_cells_of
from harness.verdict.records import Verdicts

PATH, VALUE = 36, 28
"""Characters for a value's path, and for the value."""
_LONGEST = 200
"""Characters of a value that are shown."""
Names = tuple[str, str]
"""What two runs are called, which heads their columns."""


def differences_table(title: str, found: Sequence[Difference], names: Names, nothing: str) -> Block:
    """Return what differs, a row a value; or `nothing`, a sentence, where all is alike."""
    if not found:
        return Prose(nothing)
    rows = tuple((Words(each.path, PATH), _value(each.first), _value(each.second)) for each in found)
    return Table(title=title, headers=("what", *names), rows=rows)


def scores_table(found: Sequence[ScoreBeside], names: Names) -> Table:
    """Return every recipe's score on every suite in either run."""
    return Table(
        title="Mean ± SD over the seeds of each run.",
        headers=("recipe", "suite", "metric", *names),
        rows=tuple(
            (
                each.recipe,
                each.suite,
                each.metric,
                *(_score(score, count) for score, count in zip((each.first, each.second), each.seeds, strict=True)),
            )
            for each in found
        ),
    )


def verdicts_beside(first: Verdicts | None, second: Verdicts | None, names: Names) -> Iterator[Block]:
    """Yield the table of what each run concluded of each gap, with the gap where it was followed."""
    sides = [{} if each is None else verdict_cells_of(each) for each in (first, second)]
    keys = {**sides[0], **sides[1]}
    if keys:
        yield Table(
            title="What each concluded of each gap, and the gap with its interval.",
            headers=("recipe", "suites", *names),
            rows=tuple((*key, *(side.get(key) for side in sides)) for key in keys),
        )


def _value(value: object) -> Cell:
    if value is None:
        return None
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return Words(text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…", VALUE)


def _score(score: MeanAndSD | None, seeds: int) -> Cell:
    if score is None:
        return None
    return Number(value=score.mean, sd=score.sd, form="{:.4f}"), f"{seeds} seed{'s' if seeds != 1 else ''}"
