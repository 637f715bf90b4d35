"""Default value asked for, where the text states one."""

import re
from collections.abc import Iterator, Sequence

from harness import text
from harness.suites import distractors, stable
from harness.suites.documented import Page
from harness.suites.item import Item

FORM = "default"
_SHAPES = (
    ("number", re.compile(r"-?\d+")),
    ("share", re.compile(r"\d+%")),
    ("path", re.compile(r"/.*|.*\..*")),
    ("word", re.compile(r".*")),
)


def items(pages: Sequence[Page]) -> Iterator[Item]:
    """Yield "What is the default of the field F of X?"; wrong options are other fields' defaults of like shape."""
    stated = sorted({entry.default for page in pages for entry in page.entries if entry.default})
    for page in pages:
        for entry in page.entries:
            item = _item(page, entry.name, entry.default, stated) if entry.default else None
            if item:
                yield item


def _item(page: Page, name: str, right: str, stated: Sequence[str]) -> Item | None:
    identity = f"{page.name}/{name}/{FORM}"
    question = f"What is the default of the {page.noun} {name} {page.of}?"
    pool = [each for each in stated if _shape(each) == _shape(right)]
    wrong = [each for each in stable.order(pool, identity) if each != right][: distractors.OPTIONS - 1]
    if len(wrong) < distractors.OPTIONS - 1 or text.contains(question, right):
        return None
    choices, answer = distractors.options(right, wrong, key=identity)
    return Item(
        id=identity,
        form=FORM,
        cluster=page.cluster,
        question=question,
        choices=choices,
        answer=answer,
        source=f"{name} defaults to {right}",
    )


def _shape(value: str) -> str:
    return next(shape for shape, pattern in _SHAPES if pattern.fullmatch(value))
