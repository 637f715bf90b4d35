"""Which field of an object must be given."""

from collections.abc import Iterator, Sequence

from harness.suites import distractors
from harness.suites.documented import Page
from harness.suites.item import Item

FORM = "required"


def items(pages: Sequence[Page]) -> Iterator[Item]:
    """Yield "Which field of X is required?" for objects that require exactly one and have three optional ones."""
    for page in pages:
        needed = [entry.name for entry in page.entries if entry.required]
        free = [entry.name for entry in page.entries if entry.required is False]
        identity = f"{page.name}/{FORM}"
        wrong = distractors.choose(free, answer=needed[0], cue="", key=identity) if len(needed) == 1 else None
        if wrong:
            choices, answer = distractors.options(needed[0], wrong, key=identity)
            yield Item(
                id=identity,
                form=FORM,
                cluster=page.cluster,
                question=f"Which {page.noun} {page.of} is required?",
                choices=choices,
                answer=answer,
                source=f"{page.name} requires {needed[0]}",
            )
