"""Name given, description asked for."""

from collections.abc import Iterator, Sequence

from harness import text
from harness.suites import distractors, masking, wording
from harness.suites.documented import Page
from harness.suites.item import Item

FORM = "description"


def items(pages: Sequence[Page]) -> Iterator[Item]:
    """Yield "What does the field F of X do?" wherever the description can be told without naming F."""
    for page in pages:
        told = {entry.name: masking.told(entry.text, entry.name) if entry.text else None for entry in page.neighbours}
        for entry in page.entries:
            item = _item(page, entry.name, told)
            if item:
                yield item


def _item(page: Page, name: str, told: dict[str, str | None]) -> Item | None:
    right = told[name]
    if not right:
        return None
    identity = f"{page.name}/{name}/{FORM}"
    question = f"What does the {page.noun} {name} {page.of} do?"
    wrong = distractors.choose(_pool(name, right, told), answer=right, cue=question, key=identity)
    if not wrong:
        return None
    choices, answer = distractors.options(right, wrong, key=identity)
    return Item(
        id=identity,
        form=FORM,
        cluster=page.cluster,
        question=question,
        choices=choices,
        answer=answer,
        source=right,
    )


def _pool(name: str, right: str, told: dict[str, str | None]) -> list[str]:
    """Return other entries' descriptions that are no near copy of the right one and do not speak of `name`."""
    return [
        other
        for owner, other in told.items()
        if owner != name and other and not wording.alike(other, right) and not text.contains(other, name)
    ]
