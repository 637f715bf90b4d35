"""The looks at a run: where it stopped, what each was allowed to err, what it found."""

from collections import Counter
from collections.abc import Iterator

from harness.report.document import Block, Cell, Number, Prose, Table, Words
from harness.verdict.records import Look, Looks
from harness.verdict.wording import looks_sentence

FOUND = 48
"""Characters for what a look found."""


def looks_blocks(looks: Looks | None) -> Iterator[Block]:
    """Yield where a run stands among its looks, and a row a look; nothing where none are declared."""
    if looks is None:
        return
    on = "; `--go-on` goes past it" if looks.stopped_at is not None else ""
    yield Prose(f"{looks_sentence(looks)}{on}")
    if looks.passed:
        first = looks.passed[0]
        yield Prose(f"went past look {first}, at which it stops unless told otherwise; the verdicts given there stand")
    taken = {look.number: look for look in looks.taken}
    rows = [_row(number, seeds, taken.get(number)) for number, seeds in enumerate(looks.seeds, 1)]
    yield Table(headers=("look", "seeds", ("one-sided", "error"), ("interval", "level"), "found"), rows=tuple(rows))


def _row(number: int, seeds: int, look: Look | None) -> tuple[Cell, ...]:
    if look is None:
        return str(number), str(seeds), None, None, "not taken"
    found = ", ".join(f"{count} × {label}" if count > 1 else label for label, count in _counted(look))
    return (
        str(number),
        str(seeds),
        Number(value=look.tail, form="{:.3g}"),
        Number(value=look.level, form="{:.4g}%", times=100.0),
        Words(found, FOUND),
    )


def _counted(look: Look) -> Iterator[tuple[str, int]]:
    yield from Counter(look.labels.values()).items()
