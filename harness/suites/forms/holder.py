"""Field given, object asked for: knowledge across objects."""

from collections import defaultdict
from collections.abc import Iterator, Sequence

from harness.suites import distractors, wording
from harness.suites.documented import Page
from harness.suites.item import Item

FORM = "holder"


def items(pages: Sequence[Page]) -> Iterator[Item]:
    """Yield "Which Kubernetes object has the field F?" for every name that a single object has.

    Names that repeat the object's own words are left out.
    """
    holders: dict[str, list[Page]] = defaultdict(list)
    for page in pages:
        for entry in page.entries:
            holders[entry.name].append(page)
    for name, having in sorted(holders.items()):
        item = _item(name, having[0], pages) if len(having) == 1 else None
        if item:
            yield item


def _item(name: str, page: Page, pages: Sequence[Page]) -> Item | None:
    if wording.stems(name) & wording.stems(page.name):
        return None
    identity = f"{page.name}/{name}/{FORM}"
    question = f"Which {page.kind} has the {page.noun} {name}?"
    pool = (other.name for other in pages if other.cluster != page.cluster and other.name not in page.name)
    wrong = distractors.choose(pool, answer=page.name, cue=page.name, key=identity)
    if not wrong:
        return None
    choices, answer = distractors.options(page.name, wrong, key=identity)
    return Item(
        id=identity,
        form=FORM,
        cluster=page.cluster,
        question=question,
        choices=choices,
        answer=answer,
        source=f"{page.name} {name}",
    )
