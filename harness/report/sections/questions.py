"""Who got which question wrong: how many changed by recipe, and every one with its answers."""

from collections.abc import Iterator, Sequence

from harness.compare.questions import STATES, SuiteQuestions
from harness.report.document import Block, Cell, Items, Number, Prose, Section, Table


def questions_sections(suites: Sequence[SuiteQuestions]) -> Iterator[Section]:
    """Yield a section a suite; nothing where no suite is known by its questions."""
    for each in suites:
        blocks: tuple[Block, ...] = (*_counts(each), *_items(each))
        if blocks:
            yield Section(name=f"questions-{each.task}", title=f"{each.task}, {each.metric}", blocks=blocks)


def _counts(suite: SuiteQuestions) -> Iterator[Block]:
    if suite.note is not None:
        yield Prose(suite.note)
    rows: tuple[tuple[Cell, ...], ...] = tuple(
        (name, other, *(Number(value=float(counts[state]), form="{:,.0f}") for state in STATES))
        for name, by_arm in suite.counts.items()
        for other, counts in by_arm.items()
    )
    if rows:
        yield Table(
            title="Questions by what became of them; right is what more than half of the runs got right",
            headers=("recipe", "against", *STATES),
            rows=rows,
        )


def _items(suite: SuiteQuestions) -> Iterator[Items]:
    if suite.questions:
        yield Items(name=f"items-{suite.task}", metric=suite.metric, questions=suite.questions)
