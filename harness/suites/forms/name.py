"""Description given, name asked for."""

from collections.abc import Iterator, Sequence

from harness import text
from harness.suites import distractors, wording
from harness.suites.documented import Entry, Page
from harness.suites.item import Item
from harness.suites.masking import mask

FORM = "name"


def items(pages: Sequence[Page]) -> Iterator[Item]:
    """Yield "Which field of X does this describe?" for every entry whose description does not spell its name."""
    for page in pages:
        for entry in page.entries:
            hidden = mask(entry.text, entry.name) if entry.text else None
            item = _item(page, entry.name, hidden) if hidden else None
            if item:
                yield item


def _item(page: Page, name: str, hidden: str) -> Item | None:
    identity = f"{page.name}/{name}/{FORM}"
    pool = [other.name for other in page.neighbours if not _fits(other, hidden)]
    wrong = distractors.choose(pool, answer=name, cue=hidden, key=identity)
    question = f'Which {page.noun} {page.of} does this describe: "{hidden}"'
    if not wrong or text.contains(question, name):
        return None
    choices, answer = distractors.options(name, wrong, key=identity)
    return Item(
        id=identity,
        form=FORM,
        cluster=page.cluster,
        question=question,
        choices=choices,
        answer=answer,
        source=hidden,
    )


def _fits(other: Entry, hidden: str) -> bool:
    """Tell whether `other` is named in the description or described in much the same words."""
    if text.contains(hidden, other.name):
        return True
    told = mask(other.text, other.name) if other.text else None
    return bool(told and wording.alike(told, hidden))
